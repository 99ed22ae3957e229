// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Which stream ids the peers of one input have brought, so that none of them takes the places of all.
///
/// An id is that of the peer that brought it first, as long as the process runs; others may send for it as well, which costs
/// them nothing.
public struct StreamShares: ~Copyable {
    private let limit: Int
    private var peers: StreamTable
    /// Ids that each peer has brought.
    private var counts: [Int] = []
    private var identifiers: StreamTable

    /// The most peers that are told apart.
    public static let peersLimit = 1000
    /// The most ids that all peers may bring together.
    public static let identifiersLimit = 1 << 18
    /// Bytes of a peer's name that count: a public key has 40, an address up to 45.
    private static let longestName = 64

    /// - Parameters:
    ///   - limit: The most ids of a peer, at least 1.
    ///   - earlier: Ids of nobody, each behind its length, at most `streamsLimit`: those of streams that there are already.
    ///   - seed: Makes the placing in memory unpredictable to senders.
    public init(limit: Int, earlier: [UInt8] = [], streamsLimit: Int, seed: UInt64) {
        precondition(limit >= 1, "a peer may bring at least one stream")
        self.limit = limit
        peers = StreamTable(capacity: Self.peersLimit, longest: Self.longestName, seed: seed)
        identifiers = StreamTable(capacity: Self.capacity(limit, streamsLimit), seed: seed)
        counts.reserveCapacity(Self.peersLimit)
        var rest = earlier.span.bytes
        while rest.byteCount > 0 {
            let end = 1 + Int(rest.unsafeLoad(as: UInt8.self))
            let identifier = rest.extracting(1..<end)
            if !knows(identifier), identifiers.count < identifiers.capacity {
                _ = identifiers.insert(identifier)
            }
            rest = rest.extracting(droppingFirst: end)
        }
    }

    private static func capacity(_ limit: Int, _ streamsLimit: Int) -> Int {
        min(limit * peersLimit, identifiersLimit) + streamsLimit
    }

    /// The most bytes that shares of so many ids take.
    public static func byteCount(limit: Int, streamsLimit: Int) -> Int {
        capacity(limit, streamsLimit) * (StreamIdentifier.maximumLength + StreamTable.bytesPerStream)
    }

    /// Whether somebody has brought a stream's id.
    public func knows(_ identifier: RawSpan) -> Bool { identifiers.slot(of: identifier) != nil }

    /// Lets a peer bring a stream's id that is not known; false if there is no room for it in the peer's share, or there are no
    /// more shares.
    ///
    /// - Parameters:
    ///   - identifier: The stream's id, valid.
    ///   - peer: What tells the peer from others, at least 1 byte.
    public mutating func admit(_ identifier: RawSpan, of peer: RawSpan) -> Bool {
        precondition(!knows(identifier), "an id is brought once")
        let name = peer.extracting(first: Self.longestName)
        guard identifiers.count < identifiers.capacity, let number = number(of: name), counts[number] < limit
        else { return false }
        counts[number] += 1
        _ = identifiers.insert(identifier)
        return true
    }

    /// The number of a peer, new ones included; nil if there are too many.
    private mutating func number(of name: RawSpan) -> Int? {
        if let slot = peers.slot(of: name) { return Int(slot) }
        guard peers.count < peers.capacity else { return nil }
        counts.append(0)
        return Int(peers.insert(name))
    }
}
