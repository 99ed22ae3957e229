// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Foundation
import RecurrentKernels
import Testing

/// A model's precision from the configuration to what `check` says of it.
@Suite struct PrecisionTests {
    private static func configuration(_ settings: String) throws -> DaemonConfiguration {
        let text = ConfigurationSample.text(6, "  pump: {weights: models/general.safetensors, \(settings)}")
        return try DaemonConfiguration.parse(text, file: ConfigurationManualTests.manual)
    }

    private static func report(_ settings: String) throws -> CheckReport {
        CheckReport(try PreparedDaemon(configuration(settings)))
    }

    private static func rule(_ report: CheckReport) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(try report.jsonText().utf8))
        return try #require(((json as? [String: Any])?["rules"] as? [[String: Any]])?.first)
    }

    @Test func aProcessorWithoutTheInstructionsIsToldApart() throws {
        let configuration = try Self.configuration("precision: bf16")
        let error = #expect(throws: DaemonError.self) {
            try PreparedDaemon(configuration, precisions: [.float32])
        }
        #expect(error?.status == .configuration)
        #expect(
            error?.description
                == "model \"pump\": precision: bf16 needs a processor with the AVX-512 BF16 instructions "
                + "(avx512_bf16 in /proc/cpuinfo), which this one lacks; use precision: float32, which runs on "
                + "any, or leave the key out")
        _ = try PreparedDaemon(Self.configuration("precision: float32"), precisions: [.float32])
    }

    @Test func float32HasNoErrorToReport() throws {
        let report = try Self.report("precision: float32")
        let rule = try Self.rule(report)
        #expect(rule["precision"] as? String == "float32")
        #expect(rule["precision_error"] == nil)
        #expect(!report.text.contains("error"))
    }

    @Test(
        .enabled(if: Precision.available.contains(.bf16)),
        arguments: ["mode: stateful", "mode: window, window: 64"])
    func bf16IsComparedOnTheModelItself(mode: String) throws {
        let report = try Self.report("precision: bf16, \(mode)")
        let rule = try Self.rule(report)
        #expect(rule["precision"] as? String == "bf16")
        let error = try #require(rule["precision_error"] as? [String: Double])
        let (largest, rms) = (try #require(error["largest"]), try #require(error["rms"]))
        let outputs = try #require(error["output_rms"])
        #expect(error["steps"] == 1000)
        #expect(0 < rms && rms < largest && largest < 0.1 * outputs)
        #expect(report.text.contains("bf16 against float32: largest error "))
        #expect(try Self.report("precision: bf16, \(mode)").text == report.text)
    }
}
