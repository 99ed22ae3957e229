// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Whole numbers with a unit, as they stand in the configuration: `500ms`, `64KiB`.
enum ConfigurationUnits {
    /// A unit: how it is written and how many of the smallest unit it holds.
    typealias Unit = (symbol: String, scale: Int)

    /// Units of time in milliseconds.
    static let durations: [Unit] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    /// Units of size in bytes.
    static let sizes: [Unit] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]

    /// The quantity that `text` states, in the smallest unit; nil if it is not digits and a unit.
    static func quantity(_ text: String, units: [Unit]) -> Int? {
        let (digits, symbol) = split(text)
        guard let number = wholeNumber(digits), let unit = units.first(where: { $0.symbol == symbol }) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.scale)
        return overflow ? nil : product
    }

    /// What `text` would be if its unit were written our way; nil if no unit can be guessed.
    static func correction(of text: String, units: [Unit]) -> String? {
        let (digits, rest) = split(text.filter { !$0.isWhitespace })
        guard wholeNumber(digits) != nil, !rest.isEmpty else { return nil }
        let word = rest.lowercased()
        // "msec" before "m", so that the longest symbol that begins the word wins.
        let symbols = units.map(\.symbol).sorted { $0.count > $1.count }
        let milli = word.hasPrefix("milli") ? "ms" : nil
        let symbol =
            symbols.first { $0 == milli }
            ?? symbols.first { word.hasPrefix($0.lowercased()) }
            ?? symbols.first { word.first == $0.lowercased().first }
        guard let correction = symbol.map({ digits + $0 }), correction != text else { return nil }
        return quantity(correction, units: units) == nil ? nil : correction
    }

    /// `quantity` in the largest unit that expresses it exactly.
    static func text(_ quantity: Int, units: [Unit]) -> String {
        let unit = units.last { quantity % $0.scale == 0 && quantity >= $0.scale }
        guard let unit else { return "0" + units[units.startIndex].symbol }
        return "\(quantity / unit.scale)\(unit.symbol)"
    }

    /// A decimal whole number without sign, separators or leading zeros.
    static func wholeNumber(_ text: String) -> Int? {
        guard !text.isEmpty && text.utf8.allSatisfy(isDigit) && (text == "0" || !text.hasPrefix("0")) else {
            return nil
        }
        return Int(text)
    }

    private static func split(_ text: String) -> (digits: String, rest: String) {
        let digits = text.utf8.prefix(while: isDigit)
        return (String(Substring(digits)), String(text.utf8[digits.endIndex...]) ?? "")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
