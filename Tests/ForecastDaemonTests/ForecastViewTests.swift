// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import WireFormat

/// What a tap shows of forecasts.
@Suite struct ForecastViewTests {
    static func payload(
        ts: String = #""2023-11-14T22:13:20.250Z""#, epoch: String = "0a", status: String = "ok",
        y: String = "1.5", yhat: String = "[2,3,4]", warm: String = "1"
    ) -> String {
        #"{"stream":"a","ts":\#(ts),"epoch":"\#(epoch)","seq":1,"status":"\#(status)","y":\#(y),"#
            + #""yhat":\#(yhat),"quality":{"warm":\#(warm),"age":0}}"#
    }

    static func text(_ payload: String, isStyled: Bool = false, lostBefore: UInt64 = 0) -> String {
        var view = ForecastView(isStyled: isStyled)
        return view.text(of: TapMessageTests.message("plant.a", payload), lostBefore: lostBefore)
    }

    static let line =
        "22:13:20  plant.a                1.5  →         2 …         4             ▁│▂▅█"

    @Test(
        arguments: [
            (payload(), line),
            (payload(status: "warming", warm: "0.5"), line + "  warming 50 %"),
            (
                payload(status: "reset", yhat: "[null]"),
                "22:13:20  plant.a                1.5             ▁│  reset"
            ),
            (payload(yhat: "[2]"), "22:13:20  plant.a                1.5  →         2             ▁│█"),
            (payload(ts: "1700000000250"), line.replacing("22:13:20", with: "1700000000250")),
            (payload(ts: "1700000000.25"), line.replacing("22:13:20", with: "1700000000.25")),
            (payload(status: #"\u001b[31mred\u0007"#), line + "  \u{FFFD}[31mred\u{FFFD}"),
            (payload(ts: #""\u001b[2J""#), line.replacing("22:13:20", with: "\u{FFFD}[2J")),
            (payload(warm: #"1,"imputed":true"#), line + "  filled in"),
            (payload(warm: #"1,"revised":true"#), line + "  revised"),
            (payload(status: "warming", warm: "1e300"), line + "  warming 100 %"),
            (payload(status: "warming", warm: "-1"), line + "  warming 0 %"),
            ("{", "plant.a           no forecast: {"),
            (#"{"value":1}"#, #"plant.a           no forecast: {"value":1}"#),
            ("\u{1B}c", "plant.a           no forecast: \u{FFFD}c"),
        ] as [(String, String)])
    func aForecastIsALine(payload: String, line: String) {
        #expect(Self.text(payload) == line + "\n")
    }

    /// The widest interval, where it stands in the line; room is left while it is not known.
    @Test(
        arguments: [
            (
                #""yhat_lower":{"0.8":[1.9,0],"0.95":[1.75,0]},"yhat_upper":{"0.8":[2.1,9],"0.95":[2.25,9]}"#,
                #""score":{"mae":0.1,"skill":0.3456,"coverage":{"0.8":0.81,"0.95":0.9387}}"#,
                "2 (     1.75 to      2.25) …         4             ▁│▂▅█  skill  0.35, held  94 % of 95 %"
            ),
            (
                #""yhat_lower":{"0.5":[null,0]},"yhat_upper":{"0.5":[null,9]}"#,
                #""score":{"mae":null,"skill":null,"coverage":{"0.5":null}}"#,
                "2                          …         4             ▁│▂▅█"
            ),
            (
                #""yhat_lower":{"0.5":[1,0]},"yhat_upper":{"0.5":[3,9]}"#,
                #""score":{"mae":5,"skill":-12.3,"coverage":{"0.5":1}}"#,
                "2 (        1 to         3) …         4             ▁│▂▅█  skill -12.30, held 100 % of 50 %"
            ),
        ])
    func intervalsAndScoresAreShown(bounds: String, score: String, end: String) {
        let payload = Self.payload().dropLast() + ",\(bounds),\(score)}"
        #expect(Self.text(String(payload)) == "22:13:20  plant.a                1.5  →         \(end)\n")
    }

    @Test func lossesAndANewDaemonAreSaid() {
        var view = ForecastView(isStyled: false)
        let message = TapMessageTests.message("plant.a", Self.payload())
        #expect(view.text(of: message, lostBefore: 3).hasSuffix("  3 lost before\n"))
        #expect(view.text(of: message, lostBefore: 0).hasSuffix("█\n"))
        let later = TapMessageTests.message("plant.a", Self.payload(epoch: "0b"))
        #expect(view.text(of: later, lostBefore: 0).hasSuffix("  the daemon began anew\n"))
    }

    @Test func notesAreColouredWhereColoursAreWanted() {
        let warming = Self.text(Self.payload(status: "warming", warm: "0"), isStyled: true)
        #expect(warming.hasSuffix("  \u{1B}[2mwarming 0 %\u{1B}[0m\n"))
        let lost = Self.text(Self.payload(), isStyled: true, lostBefore: 1)
        #expect(lost.hasSuffix("  \u{1B}[33m1 lost before\u{1B}[0m\n"))
        #expect(Self.text(Self.payload(), isStyled: true) == Self.line + "\n")
    }

    @Test func longerIdsWidenTheColumn() {
        var view = ForecastView(isStyled: false)
        let long = TapMessageTests.message(String(repeating: "x", count: 30), Self.payload())
        #expect(view.text(of: long, lostBefore: 0).contains("x" + "       1.5"))
        let short = TapMessageTests.message("a", Self.payload())
        #expect(view.text(of: short, lostBefore: 0).contains("a" + String(repeating: " ", count: 36) + "1.5"))
    }

    @Test(arguments: [
        (#"{"yhat":[1]}"#, #"{"yhat":[1]}"#),
        ("{\n \"yhat\":\t[1]\r\n}", #"{  "yhat": [1]  }"#),
        ("[1]", #"{"payload":"[1]","problem":"syntax","stream":"plant.a"}"#),
        ("{", #"{"payload":"{","problem":"syntax","stream":"plant.a"}"#),
        ("\u{1B}\"", #"{"payload":"\#u{FFFD}\"","problem":"syntax","stream":"plant.a"}"#),
        ("", #"{"payload":"","problem":"syntax","stream":"plant.a"}"#),
    ])
    func asJSONEachMessageIsOneObjectOnOneLine(payload: String, line: String) {
        let message = TapMessageTests.message("plant.a", payload)
        #expect(ForecastJSONView().text(of: message, lostBefore: 0) == line + "\n")
    }

    @Test func asJSONBadFramesAreNamed() {
        let text = ForecastJSONView().text(of: TapMessage(frames: [Array("a".utf8)]), lostBefore: 0)
        #expect(text == #"{"payload":"","problem":"frame_count","stream":"a"}"# + "\n")
    }

    @Test(
        arguments: [
            ([1, 2, 3], [4, 5], 4, " ▁▃▅│▇█"),
            ([1, 2, 3, 4, 5, 6], [], 3, "▁▅█│"),
            ([5, 5], [5], 2, "▁▁│▁"),
            ([0], [0, 1, 2, 3, 4, 5, 6, 7], 3, "  ▁│▁▅█"),
            ([-1e308, 1e308], [0], 2, "▁█│▅"),
            ([0, .leastNonzeroMagnitude], [0], 2, "▁▁│▁"),
            // What the numbers beside it do not tell apart, as what single precision leaves of a steady value.
            ([12719, 12719], [12719.001, 12719.002], 2, "▁▁│▁▁"),
            ([12719, 12719], [12719, 12720], 2, "▁▁│▁█"),
            ([], [], 3, ""),
        ] as [([Double], [Double], Int, String)])
    func picturesShareOneScale(past: [Double], forecast: [Double], length: Int, text: String) {
        #expect(Sparkline.text(past: past, forecast: forecast, length: length) == text)
    }
}
