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

    /// Appends an observation of the stream `base`, a valid id.
    @inline(__always)
    mutating func append(
        time: Timestamp?, value: Double, base: UnsafeRawBufferPointer
    ) throws(DecodeError) {
        guard count < capacity else { throw .tooManyObservations }
        let start = identifierStart(at: count)
        // All ids before this one are no longer than the greatest length, and neither is this one.
        Self.copy(base, to: identifiers + start)
        (entries + count).initialize(to: Entry(time: time, value: value, identifierEnd: start + base.count))
        count += 1
    }

    /// Copies an id; a call of the C library takes longer than most ids.
    @inline(__always)
    private static func copy(_ identifier: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        func copy<Word: FixedWidthInteger>(_ offset: Int, as word: Word.Type) {
            let bytes = identifier.loadUnaligned(fromByteOffset: offset, as: word)
            target.storeBytes(of: bytes, toByteOffset: offset, as: word)
        }
        let count = identifier.count
        if count >= 8 {
            for start in stride(from: 0, to: count, by: 8) {
                // The last word overlaps the one before.
                copy(min(start, count - 8), as: UInt64.self)
            }
        } else if count >= 4 {
            copy(0, as: UInt32.self)
            copy(count - 4, as: UInt32.self)
        } else {
            for offset in 0..<count { copy(offset, as: UInt8.self) }
        }
    }

    /// Appends an observation of the stream `base.field`.
    mutating func append(
        time: Timestamp? = nil, value: Double, base: UnsafeRawBufferPointer, field: UnsafeRawBufferPointer
    ) throws(DecodeError) {
        let length = base.count + 1 + field.count
        guard length <= StreamIdentifier.maximumLength, StreamIdentifier.isValid(field.bytes) else {
            throw .identifier
        }
        try append(time: time, value: value, base: base)
        let start = identifierStart(at: count - 1)
        let name = UnsafeMutableRawBufferPointer(start: identifiers + start, count: length)
        name[base.count] = UInt8(ascii: ".")
        UnsafeMutableRawBufferPointer(rebasing: name[(base.count + 1)...]).copyMemory(from: field)
        entries[count - 1].identifierEnd = start + length
    }

    /// Gives the observations from `start` on the time `time`.
    @inline(__always)
    mutating func setTime(_ time: Timestamp?, from start: Int) {
        for index in start..<count { entries[index].time = time }
    }
}
