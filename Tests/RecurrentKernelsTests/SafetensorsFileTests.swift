// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import RecurrentKernels
import TestSupport
import Testing

/// What is read from a safetensors file, and what is refused.
struct SafetensorsFileTests {
    /// A file from a header and the bytes behind it.
    static func bytes(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        let header = Array(header.utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + data
    }

    static func tensor(_ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
        #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }

    static let twoFloats = bytes(#"{"a":\#(tensor("F32", "[2]", 0, 8))}"#, [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])

    @Test func readsTensorsAndMetadata() throws {
        let header = #"""
             {"__metadata__" : {"mean":"1.5","note":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"},
              "b":\#(Self.tensor("F32", "[1,2]", 8, 16)), "a":\#(Self.tensor("F32", "[2]", 0, 8))}
            """#
        let file = try SafetensorsFile(
            bytes: Self.bytes(header, Array(Self.twoFloats.suffix(8)) + [0, 0, 0, 0x3F, 0, 0, 0, 0x80]))
        #expect(file.tensors.map(\.name) == ["a", "b"])
        #expect(file.tensors.map(\.shape) == [[2], [1, 2]])
        #expect(try file.floats(of: file.tensors[0]) == [1, -2])
        #expect(try file.floats(of: file.tensors[1]) == [0.5, 0])
        #expect(file.metadata == ["mean": "1.5", "note": "a\"\\/\u{8}\u{C}\n\r\té😀"])
    }

    static let numbers: [(type: String, bytes: [UInt8], value: Float)] = [
        ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], 1.5),
        ("F32", [0, 0, 0xC0, 0x3F], 1.5),
        ("F32", [1, 0, 0, 0], .leastNonzeroMagnitude),
        ("BF16", [0xC0, 0x3F], 1.5),
        ("BF16", [0x80, 0xBF], -1),
        ("F16", [0x00, 0x3E], 1.5),
        ("F16", [0xFF, 0xFB], -65504),
        ("F16", [0x01, 0x00], 0x1p-24),
        ("F16", [0xFF, 0x83], -0x3FFp-24),
        ("F16", [0x00, 0x04], 0x1p-14),
    ]

    @Test(arguments: numbers)
    func readsEveryType(type: String, bytes: [UInt8], value: Float) throws {
        let file = try SafetensorsFile(
            bytes: Self.bytes(#"{"a":\#(Self.tensor(type, "[]", 0, bytes.count))}"#, bytes))
        #expect(try file.floats(of: file.tensors[0]) == [value])
    }

    static let notWeights: [(type: String, bytes: [UInt8], says: String)] = [
        ("F32", [0, 0, 0xC0, 0x7F], "nan"), ("F32", [0, 0, 0x80, 0xFF], "inf"), ("F16", [0, 0x7C], "inf"),
        ("F16", [1, 0x7C], "nan"), ("BF16", [0x80, 0x7F], "inf"),
        ("F64", [0, 0, 0, 0, 0, 0, 0xF0, 0x7E], "inf"),  // beyond float32
        ("I32", [1, 0, 0, 0], "F32, F64, F16 or BF16, found I32"), ("BOOL", [1], "found BOOL"),
    ]

    @Test(arguments: notWeights)
    func refusesWhatIsNoFiniteWeight(type: String, bytes: [UInt8], says: String) throws {
        let file = try SafetensorsFile(
            bytes: Self.bytes(#"{"odd":\#(Self.tensor(type, "[1]", 0, bytes.count))}"#, bytes))
        let error = #expect(throws: SafetensorsError.self) { try file.floats(of: file.tensors[0]) }
        #expect(error?.description.contains("\"odd\"") == true)
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    static let good = tensor("F32", "[2]", 0, 8)
    static let refused: [(header: String, says: String)] = [
        ("", "expected \"{\""), ("[]", "expected \"{\""), ("{", "expected \"\"\""),
        ("{}x", "end of the header"),
        (#"{"a":1}"#, "expected \"{\", found \"1\""),
        (#"{"a":\#(good),"a":\#(good)}"#, "\"a\" again"),
        (#"{"a":\#(good),}"#, "expected \"\"\""),
        (#"{"__metadata__":{"k":"1","k":"2"},"a":\#(good)}"#, "\"k\" again"),
        (#"{"__metadata__":{},"__metadata__":{},"a":\#(good)}"#, "\"__metadata__\" again"),
        (#"{"__metadata__":{"k":1},"a":\#(good)}"#, "expected \"\"\""),
        (
            #"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            "once each, found \"dtype\""
        ),
        (#"{"a":{"dtype":"F32","shape":[2]}}"#, "two data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, "two data_offsets"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}"#, "found \"extra\""),
        (#"{"a":\#(tensor("F31", "[2]", 0, 8))}"#, "unknown dtype \"F31\""),
        (#"{"a":\#(tensor("F32", "[3]", 0, 8))}"#, "expected 12 bytes"),
        (#"{"a":\#(tensor("F32", "[2]", 8, 0))}"#, "expected 8 bytes"),
        (#"{"a":\#(tensor("F32", "[-2]", 0, 8))}"#, "expected a whole number"),
        (#"{"a":\#(tensor("F32", "[2.0]", 0, 8))}"#, "expected \"]\""),
        (#"{"a":\#(tensor("F32", "[02]", 0, 8))}"#, "whole number, found \"02\""),
        (#"{"a":\#(tensor("F32", "[9223372036854775807,2]", 0, 8))}"#, "too large"),
        (#"{"a":\#(tensor("F32", "[99999999999999999999]", 0, 8))}"#, "expected a whole number"),
        (#"{"a":\#(tensor("F32", "[1]", 0, 4)),"b":\#(tensor("F32", "[2]", 0, 8))}"#, "overlap"),
        (#"{"a":\#(tensor("F32", "[1]", 0, 4)),"b":\#(tensor("F32", "[2]", 3, 11))}"#, "overlap"),
        (#"{"a":\#(tensor("F32", "[1]", 4, 8))}"#, "leave a hole"),
        (#"{"a":\#(tensor("F32", "[1]", 0, 4))}"#, "found 8"),
        (#"{"a":\#(tensor("F32", "[3]", 0, 12))}"#, "found 8"),
        ("{\"a\u{1}\":\(good)}", "control character"),
        (#"{"\ud800":\#(good)}"#, "half of one"), (#"{"\ud800\u0041":\#(good)}"#, "surrogate pair"),
        (#"{"\u12g4":\#(good)}"#, "four hexadecimal"), (#"{"\x":\#(good)}"#, "unknown escape"),
    ]

    @Test(arguments: refused) func refusesHeaders(header: String, says: String) {
        let bytes = Self.bytes(header, Array(Self.twoFloats.suffix(8)))
        let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: bytes) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func refusesFilesThatAreNone() {
        let tooLong = withUnsafeBytes(of: UInt64(1 << 20 + 1).littleEndian, Array.init)
        let files: [[UInt8]] = [
            [], [1, 2, 3], [UInt8](repeating: 0xFF, count: 8),
            tooLong + [UInt8](repeating: 0x20, count: 1 << 20 + 1),
            [9, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8),
            Self.bytes("{\"\u{80}\":1}").map { $0 == 0xC2 ? 0xFF : $0 },
        ]
        for file in files { #expect(throws: SafetensorsError.self) { try SafetensorsFile(bytes: file) } }
        for length in 0..<Self.twoFloats.count {
            #expect(throws: SafetensorsError.self, "cut after \(length)") {
                try SafetensorsFile(bytes: Array(Self.twoFloats.prefix(length)))
            }
        }
    }

    /// Random damage gives an error or a file, never a trap.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func survivesDamage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let intact = Self.bytes(
            #"{"__metadata__":{"a":"b"},"lstm.weight_ih_l0":\#(Self.tensor("F32", "[2]", 0, 8)),"c":\#(Self.tensor("F16", "[1,1]", 8, 10))}"#,
            [UInt8](repeating: 0, count: 10))
        var (refusals, survivals) = (0, 0)
        for _ in 0..<20_000 {
            var bytes = intact
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            do {
                let file = try SafetensorsFile(bytes: bytes)
                for tensor in file.tensors { _ = try? file.floats(of: tensor) }
                _ = try? RecurrentWeights(discoveringIn: file)
                survivals += 1
            } catch { refusals += 1 }
        }
        #expect(refusals > 0 && survivals > 0, "seed \(seed)")
    }
}
