// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// The observations of one message, with the ids of their streams.
///
/// One instance serves all messages.
public struct DecodedMessage: ~Copyable {
    private struct Entry {
        var time: Timestamp?
        var value: Double
        var identifierEnd: Int
    }

    private let capacity: Int
    private var entries: [Entry] = []
    private var identifiers: [UInt8] = []

    /// Makes an empty message that takes at most `capacity` observations.
    public init(capacity: Int = 1024) {
        precondition(capacity >= 1, "a message has room for at least one observation")
        self.capacity = capacity
        entries.reserveCapacity(capacity)
        identifiers.reserveCapacity(capacity * StreamIdentifier.maximumLength)
    }

    /// Observations of the message.
    public var count: Int { entries.count }

    /// The `index`-th observation: its time, nil where the message gives none, and its finite value.
    public func observation(at index: Int) -> (time: Timestamp?, value: Double) {
        (entries[index].time, entries[index].value)
    }

    /// The id of the stream that the `index`-th observation is of, valid.
    @_lifetime(borrow self)
    public func identifier(at index: Int) -> RawSpan {
        let start = index == 0 ? 0 : entries[index - 1].identifierEnd
        return identifiers.span.bytes.extracting(start..<entries[index].identifierEnd)
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        identifiers.removeAll(keepingCapacity: true)
    }

    /// Appends an observation of the stream `base`, or `base.field` where a field is given.
    mutating func append(
        time: Timestamp?, value: Double, base: UnsafeRawBufferPointer, field: UnsafeRawBufferPointer? = nil
    ) throws(DecodeError) {
        guard entries.count < capacity else { throw .tooManyObservations }
        let length = base.count + (field.map { $0.count + 1 } ?? 0)
        guard length <= StreamIdentifier.maximumLength else { throw .identifier }
        identifiers.append(contentsOf: base)
        if let field {
            guard !field.isEmpty, field.allSatisfy(StreamIdentifier.isAllowed) else { throw .identifier }
            identifiers.append(UInt8(ascii: "."))
            identifiers.append(contentsOf: field)
        }
        entries.append(Entry(time: time, value: value, identifierEnd: identifiers.count))
    }

    /// Gives the observations from `start` on the time `time`.
    mutating func setTime(_ time: Timestamp?, from start: Int) {
        for index in start..<entries.count { entries[index].time = time }
    }
}
