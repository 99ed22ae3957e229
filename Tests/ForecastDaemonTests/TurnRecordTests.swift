// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing

/// Messages of producers in records of the journal.
@Suite struct TurnRecordTests {
    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// A message behind `previous`, with a value of the stream `plant.a`, and a step.
    static func record(_ number: UInt64, after previous: UInt64, value: Double) -> [UInt8] {
        let message = [6] + bytes(previous) + bytes(number) + [8] + Array("meters/p".utf8)
        let observation =
            [2, 1 | 4] + bytes(Int64(number)) + bytes(value.bitPattern) + [7] + Array("plant.a".utf8)
        return [1] + bytes(Int64(number) * 1_000_000_000) + message + observation + [3]
    }

    /// Number, the one before, whether it counts; with and without leave to go on behind records that are destroyed.
    @Test(
        arguments: [
            ([(1, 0, true), (2, 1, true), (3, 2, true)], false),
            // The record of 2 is missing because the disk was full: its producer sends 2 and 3 again.
            ([(1, 0, true), (3, 2, false), (4, 3, false), (2, 1, true), (3, 2, true)], false),
            // A message that another pipeline had is none that is missing.
            ([(1, 0, true), (5, 1, true), (9, 5, true)], false),
            ([(1, 0, true), (3, 2, true), (4, 3, true), (3, 2, false)], true),
        ] as [([(UInt64, UInt64, Bool)], Bool)])
    func aMessageCountsBehindTheOneBefore(records: [(UInt64, UInt64, Bool)], acceptsGaps: Bool) throws {
        let small = try SmallEngine()
        var (now, counts) = (Timestamp(nanoseconds: 0), TurnRecord.Counts())
        counts.acceptsGaps = acceptsGaps
        var expected: UInt64 = 0
        for (number, previous, isCounted) in records {
            let record = Self.record(number, after: previous, value: Double(number))
            try TurnRecord.replay(record.span.bytes, to: &small.engine, now: &now, counts: &counts)
            if isCounted { expected += 1 }
            #expect(counts.observations == expected, "message \(number)")
        }
        let key = Array("meters/p".utf8)
        let newest = small.engine.producers.newest(of: key.span.bytes)
        #expect(newest == records.filter(\.2).map(\.0).max())
    }

    /// A copy is for what streams are joined to: where none is, as under another configuration, it is passed over.
    @Test func aCopyIsPassedOverWhereNothingIsJoined() throws {
        let small = try SmallEngine()
        var (now, counts) = (Timestamp(nanoseconds: 0), TurnRecord.Counts())
        let copy = [2, 2] + Self.bytes(Int64(1)) + Self.bytes((1.5).bitPattern) + [7] + Array("plant.a".utf8)
        let own = [2, 0] + Self.bytes(Int64(1)) + Self.bytes((2.5).bitPattern) + [7] + Array("plant.b".utf8)
        let record = copy + own + [3]
        try TurnRecord.replay(record.span.bytes, to: &small.engine, now: &now, counts: &counts)
        #expect(counts.observations == 1 && small.engine.streamCount == 1)
    }

    /// A producer's key without bytes, and counts of what was lost that are none together.
    @Test(arguments: [
        [6] + bytes(UInt64(0)) + bytes(UInt64(1)) + [0], [5] + bytes(UInt64(1)) + [5] + bytes(UInt64.max),
    ])
    func whatCannotBeIsRefused(record: [UInt8]) throws {
        let small = try SmallEngine()
        var (now, counts) = (Timestamp(nanoseconds: 0), TurnRecord.Counts())
        #expect(throws: StateError.self) {
            try TurnRecord.replay(record.span.bytes, to: &small.engine, now: &now, counts: &counts)
        }
    }
}
