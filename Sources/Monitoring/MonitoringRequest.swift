// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The target of a request, taken apart.
struct MonitoringRequest {
    /// The parts of the path, decoded.
    let path: [String]
    /// The parameters by their names.
    private(set) var parameters: [String: String] = [:]

    /// Takes a target such as `/a/b%2Fc?limit=5` apart.
    init(target: String) throws(MonitoringProblem) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.hasPrefix("/") else {
            throw MonitoringProblem(
                .badRequest, expected: "a path that begins with /", found: Self.quoted(target))
        }
        var path: [String] = []
        for part in first.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            path.append(try Self.decoded(part))
        }
        self.path = path
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(sides[0])
            let value = sides.count == 2 ? try Self.decoded(sides[1]) : ""
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw MonitoringProblem(
                    .badRequest, expected: "each parameter once", found: "\(Self.quoted(name)) twice")
            }
        }
    }

    /// Refuses parameters other than `names`.
    func allow(_ names: Set<String>) throws(MonitoringProblem) {
        guard let other = parameters.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw MonitoringProblem(
            .badRequest,
            expected: names.isEmpty
                ? "no parameters" : "only the parameters \(names.sorted().joined(separator: ", "))",
            found: Self.quoted(other))
    }

    /// The parameter `name` as a whole number.
    func number(_ name: String, in range: ClosedRange<Int>, orElse other: Int) throws(MonitoringProblem)
        -> Int
    {
        guard let text = parameters[name] else { return other }
        let isDigits = text.utf8.count <= 18 && text.utf8.allSatisfy { (48...57).contains($0) }
        guard isDigits, let number = Int(text), range.contains(number)
        else {
            throw MonitoringProblem(
                .badRequest,
                expected: "\(name): a whole number from \(range.lowerBound) to \(range.upperBound)",
                found: Self.quoted(text))
        }
        return number
    }

    /// A text without its percent-encoding, which must be complete and stand for UTF-8.
    private static func decoded(_ text: Substring) throws(MonitoringProblem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw MonitoringProblem(
                    .badRequest, expected: "% and two hexadecimal digits", found: quoted(String(text)))
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw MonitoringProblem(
                .badRequest, expected: "percent-encoded UTF-8", found: quoted(String(text)))
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    /// A text for a person: cut after 100 characters.
    static func quoted(_ text: String) -> String {
        "\"\(text.prefix(100))\(text.count > 100 ? "…" : "")\""
    }
}
