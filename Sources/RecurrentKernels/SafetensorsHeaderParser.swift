// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Reads the JSON header of a safetensors file: just what the format has, everything else is an error.
struct SafetensorsHeaderParser {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Reads the whole header.
    mutating func parse() throws(SafetensorsError) -> (
        tensors: [SafetensorsFile.Tensor], metadata: [String: String]
    ) {
        var tensors: [SafetensorsFile.Tensor] = []
        var metadata: [String: String]?
        var names: Set<String> = []
        try object { parser, name throws(SafetensorsError) in
            guard names.insert(name).inserted else {
                throw parser.error("expected each tensor once, found \"\(name)\" again")
            }
            if name == "__metadata__" {
                var texts: [String: String] = [:]
                try parser.object { parser, key throws(SafetensorsError) in
                    guard texts.updateValue(try parser.string(), forKey: key) == nil else {
                        throw parser.error("expected each metadata key once, found \"\(key)\" again")
                    }
                }
                metadata = texts
            } else {
                tensors.append(try parser.tensor(name))
            }
        }
        skipBlanks()
        guard position == bytes.endIndex else { throw error("expected the end of the header") }
        return (tensors, metadata ?? [:])
    }

    private mutating func tensor(_ name: String) throws(SafetensorsError) -> SafetensorsFile.Tensor {
        var type: SafetensorsFile.ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try object { parser, key throws(SafetensorsError) in
            switch key {
            case "dtype" where type == nil:
                let text = try parser.string()
                type = SafetensorsFile.ElementType(rawValue: text)
                if type == nil { throw parser.error("tensor \"\(name)\": unknown dtype \"\(text)\"") }
            case "shape" where shape == nil: shape = try parser.integers()
            case "data_offsets" where offsets == nil: offsets = try parser.integers()
            default:
                throw parser.error(
                    "tensor \"\(name)\": expected dtype, shape and data_offsets once each, found \"\(key)\"")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw error("tensor \"\(name)\": expected dtype, shape and two data_offsets")
        }
        var byteCount = type.byteCount
        for size in shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: size)
            guard !overflow else { throw error("tensor \"\(name)\": the shape \(shape) is too large") }
            byteCount = product
        }
        guard offsets[0] <= offsets[1], offsets[1] - offsets[0] == byteCount else {
            throw error(
                "tensor \"\(name)\": expected \(byteCount) bytes of data for \(type) \(shape), found the offsets \(offsets)"
            )
        }
        return SafetensorsFile.Tensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private func error(_ message: String) -> SafetensorsError {
        SafetensorsError("\(message) (at byte \(position) of the file)")
    }

    private var byte: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard byte == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        guard take(character) else {
            let found = byte.map { "\"\(Unicode.Scalar($0))\"" } ?? "the end of the header"
            throw error("expected \"\(character)\", found \(found)")
        }
    }

    private mutating func object(
        _ field: (inout SafetensorsHeaderParser, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        guard !take("}") else { return }
        repeat {
            let name = try string()
            try expect(":")
            try field(&self, name)
        } while take(",")
        try expect("}")
    }

    private mutating func integers() throws(SafetensorsError) -> [Int] {
        var values: [Int] = []
        try expect("[")
        guard !take("]") else { return values }
        repeat {
            skipBlanks()
            let start = position
            while let byte, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
            let digits = String(decoding: bytes[start..<position], as: UTF8.self)
            guard let value = Int(digits), digits == "0" || !digits.hasPrefix("0") else {
                throw error("expected a whole number, found \"\(digits.prefix(30))\"")
            }
            values.append(value)
        } while take(",")
        try expect("]")
        return values
    }

    private mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        var units: [UInt8] = []
        while let byte, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw error("expected a text, found a control character in it") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try units.append(contentsOf: escape())
            } else {
                units.append(byte)
            }
        }
        guard let text = String(validating: units, as: UTF8.self) else {
            throw error("expected a text in UTF-8, found bytes that are not")
        }
        try expect("\"")
        return text
    }

    /// The UTF-8 of the escape whose backslash was taken.
    private mutating func escape() throws(SafetensorsError) -> [UInt8] {
        guard let letter = byte else { throw error("expected an escape, found the end of the header") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try codeUnit()
            if code & 0xFC00 == 0xD800,
                bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            {
                position += 2
                let low = try codeUnit()
                guard low & 0xFC00 == 0xDC00 else {
                    throw error("expected the second half of a surrogate pair")
                }
                code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw error("expected a character, found half of one")
            }
            return Array(String(scalar).utf8)
        default: throw error("unknown escape in a text")
        }
    }

    private mutating func codeUnit() throws(SafetensorsError) -> UInt32 {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4,
            digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let code = UInt32(digits, radix: 16)
        else { throw error("expected four hexadecimal digits") }
        position += 4
        return code
    }
}
