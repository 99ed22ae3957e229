// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// What a model file's metadata say of the model's use.
///
/// Keys that are absent leave a nil.
public struct ModelMetadata: Sendable, Equatable {
    /// `target`: `value` or `difference`.
    public var target: ForecastPlan.Model.Target?
    /// `mean`: the mean of the values that the model was trained on.
    public var mean: Double?
    /// `std`: their standard deviation, above 0.
    public var deviation: Double?
    /// `half_life`: the half-life in ticks of the rolling scale that the model was trained with; the
    /// default of rules that scale so.
    public var halfLife: Double?

    /// Reads the keys that forecastd knows; others are the model maker's own.
    ///
    /// - Throws: A `DaemonError` that names the key and what was expected.
    public init(_ metadata: [String: String], path: String) throws(DaemonError) {
        if let text = metadata["target"] {
            guard let target = ForecastPlan.Model.Target(rawValue: text) else {
                throw Self.failure(path, "target", "value or difference", text)
            }
            self.target = target
        }
        mean = try Self.number("mean", in: metadata, path: path, expected: "a finite number") { _ in true }
        deviation = try Self.number("std", in: metadata, path: path, expected: "a number above 0") { $0 > 0 }
        halfLife = try Self.number("half_life", in: metadata, path: path, expected: "ticks from 1 to 1e9") {
            (1...1e9).contains($0)
        }
    }

    private static func number(
        _ key: String, in metadata: [String: String], path: String, expected: String,
        where isAllowed: (Double) -> Bool
    ) throws(DaemonError) -> Double? {
        guard let text = metadata[key] else { return nil }
        guard let number = Double(text), number.isFinite, isAllowed(number) else {
            throw failure(path, key, expected, text)
        }
        return number
    }

    private static func failure(
        _ path: String, _ key: String, _ expected: String, _ found: String
    ) -> DaemonError {
        DaemonError(.data, "\(path): metadata key \"\(key)\": expected \(expected), found \"\(found)\"")
    }
}
