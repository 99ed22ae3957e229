// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation
import Testing
import WireFormat

struct ForecastEncoderTests {
    @Test func writesTheDocumentedFieldsInTheirOrder() {
        var encoder = ForecastEncoder(
            epoch: 0xAB,
            rules: [RuleLabels(model: "x", revision: "y"), RuleLabels(model: "pump", revision: "ab12")],
            times: .rfc3339, maximumHorizon: 3)
        let head = Forecast(
            slot: 4, rule: 1, time: Timestamp(nanoseconds: 1_700_000_000_000_000_000), value: 20.5,
            status: .ok,
            warmth: 1, sequence: 12, age: 0.0004)
        let yhat = [20.6, .nan, 21]
        encoder.encode(head, stream: "plant.a".utf8.span.bytes, yhat: yhat.span)
        let expected =
            #"{"stream":"plant.a","ts":"2023-11-14T22:13:20Z","every":"event","model":"pump","revision":"ab12","#
            + #""epoch":"00000000000000ab","seq":12,"status":"ok","y":20.5,"horizon":3,"yhat":[20.6,null,21],"#
            + #""quality":{"warm":1,"imputed":false,"age":0.0004,"gap":0,"reset":false}}"#
        #expect(encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(
        arguments: [
            (0, "event"), (1, "1ms"), (1500, "1500ms"), (2000, "2s"), (60_000, "1m"), (90_000, "90s"),
            (7_200_000, "2h"), (86_400_000, "1d"),
        ] as [(Int64, String)])
    func writesThePeriodAndWhatHappenedToTheTick(milliseconds: Int64, every: String) {
        var encoder = ForecastEncoder(
            epoch: 1, rules: [RuleLabels(model: "m", revision: "r")], times: .s, maximumHorizon: 1)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: 1, status: .stale, warmth: 0.5,
            sequence: 1,
            age: 2, period: milliseconds * 1_000_000, isImputed: true, gap: 7, isReset: true,
            isRevised: true, missingInputs: milliseconds == 0 ? nil : 3, anomalyScore: .nan)
        let yhat = [Double.nan]
        encoder.encode(head, stream: "a".utf8.span.bytes, yhat: yhat.span)
        let expected =
            #"{"stream":"a","ts":0,"every":"\#(every)","model":"m","revision":"r","epoch":"0000000000000001","seq":1,"#
            + #""status":"stale","y":1,"horizon":1,"yhat":[null],"anomaly_score":null,"#
            + #""quality":{"warm":0.5,"imputed":true,"age":2,"gap":7,"reset":true"#
            + (milliseconds == 0 ? "" : #","inputs_missing":3"#) + #","revised":true}}"#
        #expect(encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == expected)
    }

    /// While the disk is full; otherwise nothing is said.
    @Test(arguments: [(false, #""reset":false,"durable":false}}"#), (true, #""reset":false}}"#)])
    func saysWhatIsNotDurable(isDurable: Bool, ending: String) throws {
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: 1, status: .ok, warmth: 1, sequence: 1,
            age: 0)
        for format in [ForecastFormat.json, .messagePack] {
            var encoder = ForecastEncoder(
                epoch: 1, rules: [RuleLabels(model: "m", revision: "r")], format: format, times: .s,
                maximumHorizon: 1)
            encoder.isDurable = isDurable
            encoder.encode(head, stream: "a".utf8.span.bytes, yhat: [1.5].span)
            let bytes = encoder.bytes.withUnsafeBytes { Array($0) }
            let json = format == .json ? bytes : MessagePackEncoderTests.text(bytes)
            #expect(String(decoding: try #require(json), as: UTF8.self).hasSuffix(ending))
        }
    }

    @Test(arguments: [ForecastFormat.json, .messagePack]) func writesIntervalsAndScoreByLevel(
        format: ForecastFormat
    ) {
        var encoder = ForecastEncoder(
            epoch: 1, rules: [RuleLabels(model: "m", revision: "r", levels: [0.8, 0.95])], format: format,
            times: .s,
            maximumHorizon: 2)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: 1, status: .ok, warmth: 1, sequence: 1,
            age: 0,
            resolution: 1e-6, anomalyScore: 1.25)
        let yhat = [1.5, 2]
        let margins = [0.5, 1, 0.25, 1.5, 0.75, .nan, 1.25, .nan]
        let score = [0.21, 0.34, 0.79, .nan]
        encoder.encode(
            head, stream: "a".utf8.span.bytes, yhat: yhat.span, margins: margins.span, score: score.span
        )
        let bytes = encoder.bytes.withUnsafeBytes { Array($0) }
        let json = format == .json ? bytes : MessagePackText.json(bytes.span.bytes)
        let text = String(decoding: json ?? [], as: UTF8.self)
        let expected =
            #""yhat":[1.5,2],"yhat_lower":{"0.8":[1,1],"0.95":[0.75,null]},"#
            + #""yhat_upper":{"0.8":[1.75,3.5],"0.95":[2.75,null]},"anomaly_score":1.25,"quality""#
        // MessagePack tells a double from an integer.
        #expect(text.replacing(".0,", with: ",").replacing(".0]", with: "]").contains(expected), "\(text)")
        let ending = #"},"score":{"mae":0.21,"skill":0.34,"coverage":{"0.8":0.79,"0.95":null}}}"#
        #expect(text.hasSuffix(ending), "\(text)")
    }

    @Test(
        arguments: [
            (0.5, "0.5"), (1, "1"), (-12.34567, "-12.3457"), (-0.00001, "0"), (-1e20, "-1e20"),
            (.nan, "null"),
        ] as [(Double, String)])
    func writesSharesToFourDecimals(share: Double, text: String) {
        var encoder = ForecastEncoder(
            epoch: 1, rules: [RuleLabels(model: "m", revision: "r", levels: [0.9])], times: .s,
            maximumHorizon: 1)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: 0, status: .ok, warmth: 1, sequence: 1,
            age: 0)
        encoder.encode(
            head, stream: "s".utf8.span.bytes, yhat: [0].span, margins: [1, 1].span,
            score: [0.123456, share, share].span)
        let written = encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let ending = #""score":{"mae":0.123456,"skill":\#(text),"coverage":{"0.9":\#(text)}}}"#
        #expect(written.hasSuffix(ending), "\(written)")
    }

    /// As many digits as single precision has, and more where these would hide what the stream does.
    @Test(arguments: [
        (0.1 + 1e-9, 1e-4, "0.1"), (20.123456789, 1e-4, "20.123457"),
        (3_000_002_996.75, 1e-4, "3000002996.75"),
        (3_000_002_996.75, 500, "3000003000"), (1e300, 1e-4, "1e300"), (20.6, 0, "20.6"),
    ]) func writesTheDigitsThatCount(value: Double, resolution: Double, text: String) {
        var encoder = ForecastEncoder(
            epoch: 1, rules: [RuleLabels(model: "m", revision: "r")], times: .s, maximumHorizon: 1)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: 0), value: 0, status: .ok, warmth: 1, sequence: 1,
            age: 0,
            resolution: resolution)
        encoder.encode(head, stream: "s".utf8.span.bytes, yhat: [value].span)
        let written = encoder.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        #expect(written.contains("\"yhat\":[\(text)]"), "\(written)")
    }

    @Test(arguments: [1, 500]) func theBufferHoldsTheLongestForecast(horizon: Int) throws {
        let name = "\"a\\b\n\u{1}é"
        let levels = (0..<8).map { 0.12345678901234567 + 0.1 * Double($0) }
        var encoder = ForecastEncoder(
            epoch: .max, rules: [RuleLabels(model: name, revision: "r", levels: levels)], times: .rfc3339,
            maximumHorizon: horizon)
        let head = Forecast(
            slot: 0, rule: 0, time: Timestamp(nanoseconds: .min), value: -2.2250738585072014e-308,
            status: .warming,
            warmth: 1 / 3, sequence: .max, age: -1 / 3, period: 999_999_999_000_000, isImputed: false,
            gap: .max, isReset: false, anomalyScore: -1.1754943e-38)
        let yhat = [Double](repeating: -2.2250738585072014e-308, count: horizon)
        let margins = [Double](repeating: 1.2345678901234567e-300, count: 16 * horizon)
        let score = [Double](repeating: -1.1754943e-38, count: 10)
        let stream = String(repeating: "s", count: 128)
        encoder.encode(
            head, stream: stream.utf8.span.bytes, yhat: yhat.span, margins: margins.span,
            score: score.span)
        let data = encoder.bytes.withUnsafeBytes { Data($0) }
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(fields["model"] as? String == name)
        #expect(fields["stream"] as? String == stream)
        #expect((fields["yhat"] as? [Any])?.count == horizon)
        #expect(fields["status"] as? String == "warming")
        #expect(((fields["score"] as? [String: Any])?["coverage"] as? [String: Any])?.count == 8)
    }
}
