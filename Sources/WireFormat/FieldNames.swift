// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// The names that the fields of a message may have, in every format that names its fields.
///
/// A name that begins with `/` is a JSON pointer (RFC 6901): `/data/reading/0/value` is the field `value` of the
/// first element of the array `reading` of the object `data`. Any other name is that of a field at the top.
public struct FieldNames: Sendable, Equatable {
    /// Names of the time.
    public var time: [String]
    /// Names of the value.
    public var value: [String]
    /// Name of the object whose fields are values of streams of their own.
    public var values: String

    /// Makes a set of names, by default the usual ones.
    public init(
        time: [String] = ["ts", "ds"], value: [String] = ["value", "y"], values: String = "values"
    ) {
        self.time = time
        self.value = value
        self.values = values
    }

    /// The names that lead to the field `name`, from the top; nil if it is a pointer that RFC 6901 forbids.
    public static func path(of name: String) -> [String]? {
        guard name.utf8.first == UInt8(ascii: "/") else { return [name] }
        var path: [String] = []
        for token in name.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            // Of ~, only ~0 for itself and ~1 for the slash.
            let parts = token.split(separator: "~", omittingEmptySubsequences: false)
            guard parts.dropFirst().allSatisfy({ $0.first == "0" || $0.first == "1" }) else { return nil }
            path.append(
                parts.dropFirst().reduce(String(parts[0])) {
                    $0 + ($1.first == "0" ? "~" : "/") + $1.dropFirst()
                })
        }
        return path
    }
}
