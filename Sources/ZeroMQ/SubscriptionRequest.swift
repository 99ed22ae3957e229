// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a subscriber of an `xpub` socket asks for, as the socket receives it.
///
/// libzmq has granted it by then; `Message/descriptor` says over which connection it came. Where a connection ends, its
/// subscriptions are ended too, over none.
public enum SubscriptionRequest: ~Escapable {
    /// The messages whose first frame begins with these bytes.
    case subscribe(RawSpan)
    /// Those no longer, whether the subscriber had asked for them or not.
    case unsubscribe(RawSpan)
    /// Something else, which only a peer of the kind `xsub` can send.
    case unknown

    /// Reads a frame.
    @_lifetime(copy frame)
    public init(_ frame: RawSpan) {
        guard frame.byteCount > 0 else {
            self = .unknown
            return
        }
        switch frame.unsafeLoad(as: UInt8.self) {
        case 1: self = .subscribe(frame.extracting(droppingFirst: 1))
        case 0: self = .unsubscribe(frame.extracting(droppingFirst: 1))
        default: self = .unknown
        }
    }
}
