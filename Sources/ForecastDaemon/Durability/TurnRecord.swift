// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

/// What an engine is told in a turn, as it stands in the journal: entries one behind the other, nothing aligned, numbers
/// little endian.
///
///     1 clock        Int64       the clock's time, for the entries behind it
///     2 observation  UInt8       1: timed by its arrival, 2: a copy, 4: of the message that began last
///                    Int64       its time
///                    Double      its value
///                    UInt8       bytes of the stream's id, which follows
///     3 step                     the ticks that wait are forecast
///     4 silence                  streams that fell silent go on
///     5 loss         UInt64      observations that were taken in and could not be journalled
///     6 message      UInt64      the number of the producer's message before
///                    UInt64      the number of this one, whose observations follow in the same record
///                    UInt8       bytes of the producer's key, which follows
///     7 reload       UInt64      the digest of the plan that is followed from here on
///
/// A message counts only behind the one before: where that is in no record, because the disk was full, its producer sends both
/// again. Told the same, another engine does the same. Times are nanoseconds since 1970.
package enum TurnRecord {
    enum Kind: UInt8 {
        case clock = 1
        case observation, step, silence, loss, message, reload
    }

    /// What records say.
    package struct Counts {
        /// Observations that are taken in anew.
        package var observations: UInt64 = 0
        /// Those that were taken in once and are in no record.
        package var lost: UInt64 = 0
        /// Observations of streams for which there was no room.
        package var unplaced = 0
        /// Whether messages count although the ones before are missing, because their records are destroyed.
        package var acceptsGaps = false
        /// The digest of the plan that the last reload put in force; nil where none did.
        var reload: UInt64?

        /// Nothing was said.
        package init() {}
    }

    /// The most bytes of an observation, with a clock before it and a step behind it.
    static let maximumEntryLength = 9 + observationLength + StreamIdentifier.maximumLength + 1
    /// The most bytes of the beginning of a message.
    static let maximumMessageLength = 9 + 1 + 8 + 8 + 1 + ProducerNumbers.longestKey
    /// Bytes of an observation without its id.
    static let observationLength = 1 + 1 + 8 + 8 + 1

    /// Tells an engine what a record says.
    ///
    /// - Parameters:
    ///   - now: The clock's time, from record to record.
    ///   - counts: Counts what it says.
    ///   - forecast: Called whenever the engine has new forecasts.
    /// - Throws: A `StateError` where the bytes are no record of this version.
    package static func replay(
        _ record: RawSpan, to engine: inout ForecastEngine, now: inout Timestamp, counts: inout Counts,
        forecast: (borrowing ForecastEngine) -> Void = { _ in }
    ) throws(StateError) {
        var reader = EntryReader(rest: record)
        var isPassedOver = false
        while let kind = try reader.kind() {
            switch kind {
            case .clock:
                now = Timestamp(nanoseconds: try reader.number(as: Int64.self))
            case .observation:
                let flags = try reader.number(as: UInt8.self)
                let time = try reader.number(as: Int64.self)
                let value = Double(bitPattern: try reader.number(as: UInt64.self))
                let identifier = try reader.bytes(Int(try reader.number(as: UInt8.self)))
                guard value.isFinite, StreamIdentifier.isValid(identifier) else {
                    throw StateError("expected an observation, found other bytes in a record of the journal")
                }
                if flags & 4 == 4 && isPassedOver { continue }
                // A copy is for what streams are joined to.
                let isCopy = flags & 2 == 2
                if isCopy && !engine.plan.hasJoins { continue }
                let observation = Observation(
                    time: Timestamp(nanoseconds: time), value: value, isTimedByArrival: flags & 1 == 1)
                // Under another configuration the queue may be shorter than it was.
                if engine.isFull { while engine.advance(at: now) { forecast(engine) } }
                let refusal = engine.accept(observation, of: identifier, isCopy: isCopy, at: now)
                if refusal == .streamsLimit { counts.unplaced += 1 }
                counts.observations += 1
            case .step:
                while engine.advance(at: now) { forecast(engine) }
            case .silence:
                // A step is missing where the process ended between two records of a turn.
                while engine.advance(at: now) { forecast(engine) }
                while engine.passTime(to: now) { while engine.advance(at: now) { forecast(engine) } }
            case .loss:
                let lost = try reader.number(as: UInt64.self)
                let (sum, isTooMany) = counts.lost.addingReportingOverflow(lost)
                guard !isTooMany else {
                    throw StateError("expected a count, found another number in a record of the journal")
                }
                counts.lost = sum
            case .message:
                let previous = try reader.number(as: UInt64.self)
                let number = try reader.number(as: UInt64.self)
                let key = try reader.bytes(Int(try reader.number(as: UInt8.self)))
                guard (1...ProducerNumbers.longestKey).contains(key.byteCount) else {
                    throw StateError(
                        "expected a producer's key, found \(key.byteCount) bytes in a record of the journal")
                }
                let newest = engine.producers.newest(of: key)
                isPassedOver = newest != previous && !(counts.acceptsGaps && number > newest)
                if !isPassedOver { engine.producers.note(number, of: key, at: now) }
            case .reload:
                // The engine that is told all this follows the plan of now, from the beginning.
                counts.reload = try reader.number(as: UInt64.self)
            }
        }
    }

    /// The clock's time that a record begins with; nil where it goes on by the one before.
    static func clock(of record: RawSpan) throws(StateError) -> Timestamp? {
        var reader = EntryReader(rest: record)
        guard try reader.kind() == .clock else { return nil }
        return Timestamp(nanoseconds: try reader.number(as: Int64.self))
    }
}

/// The entries of a record, one after the other.
private struct EntryReader: ~Copyable, ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy rest)
    init(rest: RawSpan) { self.rest = rest }

    /// The kind of the next entry; nil at the end.
    mutating func kind() throws(StateError) -> TurnRecord.Kind? {
        guard rest.byteCount > 0 else { return nil }
        let number = try number(as: UInt8.self)
        guard let kind = TurnRecord.Kind(rawValue: number) else {
            throw StateError("expected an entry of kind 1 to 7 in a record of the journal, found \(number)")
        }
        return kind
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        as type: Number.Type
    ) throws(StateError) -> Number {
        let bytes = try bytes(MemoryLayout<Number>.size)
        return Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Number.self) })
    }

    @_lifetime(copy self)
    mutating func bytes(_ count: Int) throws(StateError) -> RawSpan {
        guard count <= rest.byteCount else {
            throw StateError(
                "expected \(count) bytes more in a record of the journal, found \(rest.byteCount)")
        }
        let bytes = rest.extracting(first: count)
        rest = rest.extracting(droppingFirst: count)
        return bytes
    }
}
