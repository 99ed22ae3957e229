// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing
import WireFormat

struct BinaryDecoderTests {
    static func bytes(_ values: [Double]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    }

    @Test(
        arguments: [
            ([20.5], [.value], [Decoded("a", nil, 20.5)]),
            ([3.25, 20.5], [.ts, .value], [Decoded("a", 3_250_000_000, 20.5)]),
            ([20.5, 3], [.value, .ts], [Decoded("a", 3_000_000_000, 20.5)]),
            ([.nan, -0.0, 7], [.skip, .value, .skip], [Decoded("a", nil, -0.0)]),
            ([1, 2], [.named("x"), .named("y")], [Decoded("a.x", nil, 1), Decoded("a.y", nil, 2)]),
            (
                [1, 10, 11, 2, 20, 21], [.ts, .value, .named("n")],
                [
                    Decoded("a", 1_000_000_000, 10), Decoded("a.n", 1_000_000_000, 11),
                    Decoded("a", 2_000_000_000, 20), Decoded("a.n", 2_000_000_000, 21),
                ]
            ),
        ] as [([Double], [Column], [Decoded])])
    func readsDoubles(values: [Double], columns: [Column], expected: [Decoded]) {
        let decoder = PayloadDecoder.binary(BinaryDecoder(width: .double, columns: columns))
        #expect(decode(Self.bytes(values), as: decoder) == .success(expected))
    }

    @Test(
        arguments: [
            ([20.5], [.value], [Decoded("a", nil, 20.5)]),
            ([.nan, 1, 2], [.skip, .named("x"), .value], [Decoded("a.x", nil, 1), Decoded("a", nil, 2)]),
        ] as [([Float], [Column], [Decoded])])
    func readsFloats(values: [Float], columns: [Column], expected: [Decoded]) {
        let decoder = PayloadDecoder.binary(BinaryDecoder(width: .single, columns: columns))
        #expect(decode(Self.bytes(values), as: decoder) == .success(expected))
    }

    @Test(
        arguments: [
            ([], [.value], .empty), ([1, 2], [.value], .columnCount), ([1], [.ts, .value], .columnCount),
            ([1, 2, 3], [.ts, .value], .columnCount), ([.nan], [.value], .notFinite),
            ([-.infinity], [.value], .notFinite), ([.nan, 1], [.ts, .value], .timestamp),
            ([1e300, 1], [.ts, .value], .timestamp), ([1, 1, 2, .nan], [.ts, .value], .notFinite),
        ] as [([Double], [Column], DecodeError)])
    func refuses(values: [Double], columns: [Column], reason: DecodeError) {
        let decoder = PayloadDecoder.binary(BinaryDecoder(width: .double, columns: columns))
        #expect(decode(Self.bytes(values), as: decoder) == .failure(reason))
    }

    @Test(arguments: [1, 7, 9, 15]) func refusesBrokenRows(length: Int) {
        let payload = [UInt8](repeating: 0, count: length)
        for columns in [[Column.value], [.ts, .value]] {
            let decoder = PayloadDecoder.binary(BinaryDecoder(width: .double, columns: columns))
            #expect(decode(payload, as: decoder) == .failure(.columnCount))
        }
    }

    /// What is written is read, to the bit; whatever else the bytes are, nothing traps.
    @Test func everyPatternIsReadOrRefused() {
        var generator = SeededGenerator(seed: 21)
        let memory = GuardedMemory()
        let double = PayloadDecoder.binary(
            BinaryDecoder(width: .double, columns: [.ts, .value], timeUnit: .ns))
        let single = PayloadDecoder.binary(BinaryDecoder(width: .single))
        for index in 0..<50_000 {
            let (time, bits) = (Double(Int64.random(in: 0..<1 << 53, using: &generator)), generator.next())
            let value = Double(bitPattern: bits)
            let found = memory.place(Self.bytes([time, value]), atEnd: index.isMultiple(of: 2)) {
                decode($0.bytes, as: double)
            }
            #expect(
                found
                    == (value.isFinite ? .success([Decoded("a", Int64(time), value)]) : .failure(.notFinite)))
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            let foundFloat = memory.place(Self.bytes([float]), atEnd: index.isMultiple(of: 2)) {
                decode($0.bytes, as: single)
            }
            #expect(
                foundFloat
                    == (float.isFinite ? .success([Decoded("a", nil, Double(float))]) : .failure(.notFinite)))
        }
    }
}
