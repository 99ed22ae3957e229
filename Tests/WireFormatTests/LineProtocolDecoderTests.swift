// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import TestSupport
import Testing
import WireFormat

struct LineProtocolDecoderTests {
    static let decoder = PayloadDecoder.lineProtocol(LineProtocolDecoder())

    @Test(arguments: [
        ("boiler value=1", [Decoded("a.boiler", nil, 1)]),
        ("boiler temp=21.5 1700000000000000001", [Decoded("a.boiler.temp", 1_700_000_000_000_000_001, 21.5)]),
        (
            "boiler,site=x,unit=3 temp=-2e-1,hum=40i,n=7u 5",
            [
                Decoded("a.boiler.x.3.temp", 5, -0.2), Decoded("a.boiler.x.3.hum", 5, 40),
                Decoded("a.boiler.x.3.n", 5, 7),
            ]
        ),
        ("b s=\"a, b=1 \\\" c\\\\\",v=2", [Decoded("a.b.v", nil, 2)]),
        ("b s=\"two\nlines\",v=2", [Decoded("a.b.v", nil, 2)]),
        ("b t=t,f=F,x=true,y=False,z=TRUE,v=2", [Decoded("a.b.v", nil, 2)]),
        (
            "b value=1 1\nb value=2 2\r\n\n# note, b=1\n b v=3  3 ",
            [Decoded("a.b", 1, 1), Decoded("a.b", 2, 2), Decoded("a.b.v", 3, 3)]
        ),
        ("b,a\\ key=x str\\ key=\"x\",v=2", [Decoded("a.b.x.v", nil, 2)]),
        ("b v=1 -1", [Decoded("a.b.v", -1, 1)]),
    ])
    func reads(payload: String, expected: [Decoded]) {
        #expect(decode(Array(payload.utf8), as: Self.decoder) == .success(expected))
    }

    @Test(
        arguments: [
            ("", .empty), ("\n", .missingValue), ("# note", .missingValue), ("b s=\"x\"", .missingValue),
            ("b t=true 5", .missingValue), ("b", .syntax), ("b ", .syntax), ("b 5", .syntax),
            ("b v", .syntax),
            ("b v=", .syntax), ("b v=1,", .syntax), ("b v=1,w", .syntax), ("b v=x", .syntax),
            ("b v=1x", .syntax), ("b v=1 x", .syntax), ("b v=1 5 6", .syntax), ("b v=1 5.5", .syntax),
            ("b v=1 1e3", .syntax), ("b v=nan", .syntax), ("b v=1.5i", .syntax), ("b v=1e1i", .syntax),
            ("b v=-1u", .syntax), ("b v=\"x", .syntax), ("b v=\"x\\\"", .syntax), ("b v=\"x\\", .syntax),
            ("b v=tru", .syntax), ("b, v=1", .syntax), ("b,t v=1", .syntax), ("b,t= v=1", .syntax),
            ("b,=x v=1", .syntax), (",t=x v=1", .syntax), ("b =1", .syntax), ("b,t=x,v=1", .syntax),
            ("b v=1\r5", .syntax), ("b\0v=1", .syntax), ("b\\", .syntax), ("b v=1e999", .notFinite),
            ("b v=1 9999999999999999999", .timestamp), ("b,t=x\\ y v=1", .identifier),
            ("b\\,c v=1", .identifier), ("b v\\=w=1", .identifier), ("bé v=1", .identifier),
            ("b,t=\(String(repeating: "x", count: 125)) v=1", .identifier), ("b v=1\nb v=x", .syntax),
        ] as [(String, DecodeError)])
    func refuses(payload: String, reason: DecodeError) {
        #expect(decode(Array(payload.utf8), as: Self.decoder) == .failure(reason))
    }

    @Test(
        arguments: [(TimeUnit.s, 1_000_000_000), (.ms, 1_000_000), (.us, 1000), (.ns, 1)]
            as [(TimeUnit, Int64)])
    func theUnitCanBeChosen(unit: TimeUnit, nanoseconds: Int64) {
        let decoder = PayloadDecoder.lineProtocol(LineProtocolDecoder(timeUnit: unit))
        #expect(
            decode(Array("b v=1 7".utf8), as: decoder) == .success([Decoded("a.b.v", 7 * nanoseconds, 1)]))
    }

    /// Lines of random parts are read as what they were made of.
    @Test func linesAreReadAsTheyWereWritten() {
        var generator = SeededGenerator(seed: 31)
        func name() -> String {
            let letters = Array("abcXYZ019._:/-")
            return String(
                (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                    letters.randomElement(using: &generator)!
                })
        }
        for _ in 0..<5000 {
            var (lines, expected) = ([String](), [Decoded]())
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                var (series, stream) = (name(), "a.")
                stream += series
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    let value = name()
                    series += ",\(name())=\(value)"
                    stream += ".\(value)"
                }
                let time = Int64.random(in: .min...(.max), using: &generator)
                let fields = (0..<Int.random(in: 1...3, using: &generator)).map { _ -> String in
                    let (field, value) = (name(), Double.random(in: -1e6...1e6, using: &generator))
                    expected.append(Decoded("\(stream).\(field)", time, value))
                    return "\(field)=\(value)"
                }
                lines.append("\(series) \(fields.joined(separator: ",")) \(time)")
            }
            #expect(decode(Array(lines.joined(separator: "\n").utf8), as: Self.decoder) == .success(expected))
        }
    }
}
