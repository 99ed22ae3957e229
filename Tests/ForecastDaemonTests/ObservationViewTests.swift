// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import WireFormat

/// What a tap shows of the values that go into a daemon.
@Suite struct ObservationViewTests {
    static func text(
        _ payload: String, isJSON: Bool, sequence: UInt64? = nil, lostBefore: UInt64 = 0,
        decoder: PayloadDecoder = .json(JSONDecoder())
    ) -> String {
        var view = ObservationView(decoder: decoder, isJSON: isJSON)
        let message = TapMessageTests.message("plant.a", payload, sequence: sequence)
        return view.text(of: message, lostBefore: lostBefore)
    }

    @Test(arguments: [
        (#"{"ts":1700000000,"value":20.5}"#, "22:13:20  plant.a           20.5\n"),
        (
            #"{"ts":1700000000,"values":{"t":1,"h":123456.7}}"#,
            "22:13:20  plant.a.t         1\n22:13:20  plant.a.h         123457\n"
        ),
    ])
    func valuesAreLines(payload: String, text: String) {
        #expect(Self.text(payload, isJSON: false) == text)
    }

    /// Without a time of its own a line has the time of arrival, so that only its end is known here.
    @Test(arguments: [
        ("{", "cannot be read: syntax: {\n"), (#"{"value":1e999}"#, #"not_finite: {"value":1e999}"# + "\n"),
        ("\u{1B}[2J", "cannot be read: syntax: \u{FFFD}[2J\n"), (#"{"value":1}"#, "plant.a           1\n"),
    ])
    func whatCannotBeReadIsSaid(payload: String, end: String) {
        #expect(Self.text(payload, isJSON: false).hasSuffix(end))
    }

    @Test func lossesAreSaidOnceAMessage() {
        let payload = #"{"ts":1700000000,"values":{"t":1,"h":2}}"#
        let lines = Self.text(payload, isJSON: false, lostBefore: 4).split(separator: "\n")
        #expect(lines.map { $0.hasSuffix("  (4 lost before)") } == [true, false])
    }

    @Test(
        arguments: [
            (
                #"{"ts":1700000000,"value":20.5}"#, 9,
                #"{"seq":9,"stream":"plant.a","ts":"2023-11-14T22:13:20Z","value":20.5}"#
            ),
            (#"{"value":1}"#, nil, #"{"stream":"plant.a","value":1}"#),
            ("{", nil, #"{"payload":"{","problem":"syntax","stream":"plant.a"}"#),
        ] as [(String, UInt64?, String)])
    func asJSONEachValueIsAnObject(payload: String, sequence: UInt64?, line: String) {
        #expect(Self.text(payload, isJSON: true, sequence: sequence) == line + "\n")
    }

    @Test func theDecoderIsTheInputs() {
        let decoder = PayloadDecoder.text(TextDecoder(columns: [.skip, .value]))
        #expect(
            Self.text("ok 7", isJSON: true, decoder: decoder) == #"{"stream":"plant.a","value":7}"# + "\n")
    }

    static func configuration(_ inputs: String, outputs: String = #"["ipc:///f"]"#) throws
        -> DaemonConfiguration
    {
        try DaemonConfiguration.parse(
            """
            inputs: \(inputs)
            outputs: {f: {socket: pub, bind: \(outputs)}}
            models: {m: {weights: m}}
            streams: [{match: "*", model: m}]
            """, file: "f.yaml")
    }

    @Test func aTapListensWhereTheInputsDo() throws {
        let configuration = try Self.configuration(
            """
            {a: {socket: sub, connect: ["tcp://a:1", "tcp://b:1"]}, b: {socket: pull, bind: ["ipc:///b"]},
             c: {socket: sub, connect: ["tcp://c:1"], format: text}, d: {socket: sub, connect: ["tcp://d:1"]}}
            """)
        let options = Tap.Options(inputsOf: configuration)
        #expect(options.endpoints == ["tcp://a:1", "tcp://b:1", "tcp://d:1"])
        #expect(options.leftOut == ["b", "c"])
        #expect(Tap.Options(inputsOf: nil).endpoints == ["tcp://127.0.0.1:5556"])
    }

    /// One endpoint is enough, and more would show everything twice.
    @Test(arguments: [
        (#"["tcp://*:5557", "ipc:///f"], insecure: true"#, ["tcp://127.0.0.1:5557"]),
        (#"["tcp://0.0.0.0:5"], insecure: true"#, ["tcp://127.0.0.1:5"]),
        (#"["tcp://[::]:5"], insecure: true"#, ["tcp://127.0.0.1:5"]),
        (#"["tcp://127.0.0.1:*", "ipc:///f"]"#, ["ipc:///f"]), (#"["tcp://127.0.0.1:*"]"#, []),
    ])
    func aTapListensToOneEndpointOfTheOutputs(bind: String, endpoints: [String]) throws {
        let configuration = try Self.configuration(
            #"{a: {socket: sub, connect: ["tcp://a:1"]}}"#, outputs: bind)
        #expect(Tap.Options(outputsOf: configuration).endpoints == endpoints)
    }
}
