// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The grammar of RFC 8259, slow and obvious.
struct ReferenceJSON {
    private var rest: Substring.UnicodeScalarView

    /// Whether the bytes are one JSON value in UTF-8, whose escapes stand for characters.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var parser = ReferenceJSON(rest: text.unicodeScalars[...])
        guard parser.value() else { return false }
        parser.blanks()
        return parser.rest.isEmpty
    }

    private mutating func blanks() {
        while let first = rest.first, " \t\r\n".unicodeScalars.contains(first) { rest.removeFirst() }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

    private mutating func value() -> Bool {
        blanks()
        switch rest.first {
        case "{": return list(to: "}") { $0.field() }
        case "[": return list(to: "]") { $0.value() }
        case "\"": return string()
        case "t": return take(word: "true")
        case "f": return take(word: "false")
        case "n": return take(word: "null")
        default: return number()
        }
    }

    private mutating func list(to end: Unicode.Scalar, _ element: (inout Self) -> Bool) -> Bool {
        rest.removeFirst()
        blanks()
        if take(end) { return true }
        repeat { guard element(&self) else { return false }; blanks() } while take(",")
        return take(end)
    }

    private mutating func field() -> Bool {
        blanks()
        guard string() else { return false }
        blanks()
        return take(":") && value()
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return true }
            if scalar.value < 0x20 { return false }
            if scalar == "\\", !escape() { return false }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let letter = rest.popFirst() else { return false }
        guard letter == "u" else { return "\"\\/bfnrt".unicodeScalars.contains(letter) }
        guard let unit = codeUnit(), unit & 0xFC00 != 0xDC00 else { return false }
        guard unit & 0xFC00 == 0xD800 else { return true }
        guard take("\\"), take("u"), let low = codeUnit() else { return false }
        return low & 0xFC00 == 0xDC00
    }

    private mutating func codeUnit() -> UInt32? {
        let digits = String(String.UnicodeScalarView(rest.prefix(4)))
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), digits.utf8.allSatisfy({ $0 < 0x80 })
        else {
            return nil
        }
        rest.removeFirst(4)
        return UInt32(digits, radix: 16)
    }

    private mutating func digits() -> Int {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest.removeFirst(digits.count)
        return digits.count
    }

    private mutating func number() -> Bool {
        _ = take("-")
        let startsWithZero = rest.first == "0"
        let count = digits()
        guard count == 1 || count > 1 && !startsWithZero else { return false }
        if take("."), digits() == 0 { return false }
        guard take("e") || take("E") else { return true }
        if !take("-") { _ = take("+") }
        return digits() > 0
    }
}
