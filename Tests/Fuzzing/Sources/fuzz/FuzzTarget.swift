// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Something that reads bytes from elsewhere, and what must hold of it whatever the bytes are.
struct FuzzTarget: Sendable {
    let name: String
    /// Ends the process if something does not hold.
    let body: @Sendable (UnsafeRawBufferPointer) -> Void

    static let all = [
        // What inputs receive
        FuzzTarget(name: "json", body: Payloads.json),
        FuzzTarget(name: "msgpack", body: Payloads.messagePack),
        FuzzTarget(name: "lineprotocol", body: Payloads.lineProtocol),
        FuzzTarget(name: "text", body: Payloads.text),
        FuzzTarget(name: "binary", body: Payloads.binary),
        FuzzTarget(name: "frames", body: Frames.message),
        FuzzTarget(name: "producer", body: Frames.producer),
        // Parts of them, beside slow references
        FuzzTarget(name: "number", body: Numbers.decimal),
        FuzzTarget(name: "rfc3339", body: Numbers.rfc3339),
        FuzzTarget(name: "glob", body: Texts.glob),
        // What peers ask for, and what commands receive
        FuzzTarget(name: "replay", body: Frames.replay),
        FuzzTarget(name: "http", body: Texts.http),
        FuzzTarget(name: "control", body: Texts.control),
        FuzzTarget(name: "tap", body: Frames.tap),
        // Files that people write
        FuzzTarget(name: "configuration", body: Texts.configuration),
        FuzzTarget(name: "csv", body: Texts.csv),
        FuzzTarget(name: "safetensors", body: Files.safetensors),
        // Files that the daemon writes
        FuzzTarget(name: "journal", body: Stores.journal),
        FuzzTarget(name: "snapshot", body: Stores.snapshot),
        FuzzTarget(name: "spill", body: Stores.spill),
        FuzzTarget(name: "record", body: Engines.record),
        FuzzTarget(name: "recording", body: Files.recording),
    ]

    /// The one that FUZZ_TARGET names.
    static let chosen: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = all.first(where: { $0.name == name }) else {
            fatalError("FUZZ_TARGET: expected one of \(all.map(\.name)), found \(name)")
        }
        return target
    }()
}

/// Ends the process, with what was found, unless something holds.
func expect(_ isTrue: Bool, _ found: @autoclosure () -> String) {
    guard !isTrue else { return }
    fatalError("FOUND: \(found())")
}

/// Bytes of an input that decide something, taken from its beginning; zeros behind its end.
struct Choices {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    mutating func byte() -> UInt8 {
        guard let byte = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return byte
    }

    mutating func number<Number: FixedWidthInteger>(as type: Number.Type) -> Number {
        (0..<MemoryLayout<Number>.size).reduce(0) { number, _ in
            number << 8 | Number(truncatingIfNeeded: byte())
        }
    }

    /// One of `count` numbers from 0.
    mutating func index(below count: Int) -> Int {
        Int(count > 256 ? number(as: UInt16.self) : UInt16(byte())) % count
    }

    /// As many bytes as the next one says, or all that are left.
    mutating func part() -> [UInt8] {
        let part = Array(rest.dropFirst().prefix(Int(rest.first ?? 0)))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(1 + part.count))
        return part
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes as text, with something else for those that are none.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}
