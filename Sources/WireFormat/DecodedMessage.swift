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
    /// Room for `capacity` entries, of which the first `count` are initialised.
    private let entries: UnsafeMutablePointer<Entry>
    /// Room for as many ids of the greatest length, one behind the other.
    private let identifiers: UnsafeMutableRawPointer

    /// Observations of the message.
    public private(set) var count = 0

    /// Makes an empty message that takes at most `capacity` observations.
    public init(capacity: Int = 1024) {
        precondition(capacity >= 1, "a message has room for at least one observation")
        self.capacity = capacity
        entries = .allocate(capacity: capacity)
        identifiers = .allocate(byteCount: capacity * StreamIdentifier.maximumLength, alignment: 1)
    }

    deinit {
        entries.deallocate()
        identifiers.deallocate()
    }

    /// The `index`-th observation: its time, nil where the message gives none, and its finite value.
    public func observation(at index: Int) -> (time: Timestamp?, value: Double) {
        precondition(index >= 0 && index < count, "observation \(index) of \(count)")
        return (entries[index].time, entries[index].value)
    }

    /// The id of the stream that the `index`-th observation is of, valid.
    @_lifetime(borrow self)
    public func identifier(at index: Int) -> RawSpan {
        precondition(index >= 0 && index < count, "id \(index) of \(count)")
        let start = identifierStart(at: index)
        let span = RawSpan(_unsafeStart: identifiers + start, byteCount: entries[index].identifierEnd - start)
        return _overrideLifetime(span, borrowing: self)
    }

    private func identifierStart(at index: Int) -> Int { index == 0 ? 0 : entries[index - 1].identifierEnd }

    mutating func removeAll() { count = 0 }

    /// Appends an observation of the stream `base`, or `base.field` where a field is given.
    mutating func append(
        time: Timestamp?, value: Double, base: UnsafeRawBufferPointer, field: UnsafeRawBufferPointer? = nil
    ) throws(DecodeError) {
        guard count < capacity else { throw .tooManyObservations }
        let length = base.count + (field.map { $0.count + 1 } ?? 0)
        guard length <= StreamIdentifier.maximumLength else { throw .identifier }
        let start = identifierStart(at: count)
        // All ids before this one are no longer than the greatest length, and neither is this one.
        let identifier = UnsafeMutableRawBufferPointer(start: identifiers + start, count: length)
        identifier.copyMemory(from: base)
        if let field {
            guard StreamIdentifier.isValid(field.bytes) else { throw .identifier }
            identifier[base.count] = UInt8(ascii: ".")
            UnsafeMutableRawBufferPointer(rebasing: identifier[(base.count + 1)...]).copyMemory(from: field)
        }
        (entries + count).initialize(to: Entry(time: time, value: value, identifierEnd: start + length))
        count += 1
    }

    /// Gives the observations from `start` on the time `time`.
    mutating func setTime(_ time: Timestamp?, from start: Int) {
        for index in start..<count { entries[index].time = time }
    }
}
