// Part of forecastd. SPDX-License-Identifier: Apache-2.0

public import Forecasting

/// What a model file's metadata say of the model's use.
///
/// Keys that are absent leave a nil.
public struct ModelMetadata: Sendable, Equatable {
    /// `target`: `value` or `difference`.
    public var target: ForecastPlan.Model.Target?
    /// `inputs`: the names of the model's inputs in their order, divided by commas.
    public var inputs: [String]?
    /// `mean`: the mean of the values that the model was trained on; of several inputs, one for each, divided by commas.
    public var means: [Double]?
    /// `std`: their standard deviations, above 0.
    public var deviations: [Double]?
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
        if let text = metadata["inputs"] {
            let names = Self.parts(of: text)
            guard Set(names).count == names.count, !names.contains("") else {
                throw Self.failure(path, "inputs", "names divided by commas, each once", text)
            }
            inputs = names
        }
        means = try Self.numbers("mean", in: metadata, path: path, expected: "a finite number") { _ in true }
        deviations = try Self.numbers("std", in: metadata, path: path, expected: "a number above 0") {
            $0 > 0
        }
        halfLife = try Self.numbers("half_life", in: metadata, path: path, expected: "ticks from 1 to 1e9") {
            (1...1e9).contains($0)
        }?.first
    }

    private static func parts(of text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func numbers(
        _ key: String, in metadata: [String: String], path: String, expected: String,
        where isAllowed: (Double) -> Bool
    ) throws(DaemonError) -> [Double]? {
        guard let text = metadata[key] else { return nil }
        let numbers = parts(of: text).compactMap(Double.init).filter { $0.isFinite && isAllowed($0) }
        guard numbers.count == parts(of: text).count else { throw failure(path, key, expected, text) }
        return numbers
    }

    private static func failure(
        _ path: String, _ key: String, _ expected: String, _ found: String
    ) -> DaemonError {
        DaemonError(.data, "\(path): metadata key \"\(key)\": expected \(expected), found \"\(found)\"")
    }
}
