// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

/// The topic of a stream's alarms, `anomalies@` and the stream's id, written over the last one.
///
/// No stream's id has an `@`, so that whoever subscribes to ids gets no alarms, and whoever subscribes to `anomalies@`
/// nothing else.
public struct AlarmTopic: ~Copyable {
    private var buffer = ByteBuffer(capacity: maximumLength)
    private static let prefix: StaticString = "anomalies@"

    /// Makes a topic of no stream.
    public init() {}

    /// No topic has more bytes.
    public static var maximumLength: Int { prefix.utf8CodeUnitCount + StreamIdentifier.maximumLength }

    /// Writes the topic of a stream.
    public mutating func write(_ stream: RawSpan) {
        buffer.removeAll()
        buffer.append(Self.prefix)
        buffer.append(stream)
    }

    /// The topic that was written last.
    public var bytes: RawSpan {
        @_lifetime(borrow self) get { buffer.span }
    }
}
