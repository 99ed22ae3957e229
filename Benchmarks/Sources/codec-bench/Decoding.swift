// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat

/// Reads messages of one value with its time, of streams with ids like `s10042`, from their bytes to the decoded
/// message: the id is checked as well.
///
/// As JSON they are like `{"ts":1700000042.123456,"value":20.1234}`, as text like `1700000042.123456 20.1234`; as
/// MessagePack and as doubles they hold the same numbers. A line of the line protocol is one of an agent's:
/// `boiler,unit=3 value=20.1234 1700000042123456000`.
func measureDecoding(milliseconds: Double) {
    let json = Samples { #"{"ts":\#(Samples.seconds($0)),"value":\#(Samples.value($0))}"# }
    measureDecoding(.json(JSONDecoder()), of: json, name: "decode-json", milliseconds: milliseconds)
    let text = Samples { "\(Samples.seconds($0)) \(Samples.value($0))" }
    let columns = TextDecoder(columns: [.ts, .value])
    measureDecoding(.text(columns), of: text, name: "decode-text", milliseconds: milliseconds)
    let messagePack = Samples(bytes: { index in
        [0x82, 0xA2] + "ts".utf8 + [0xCB] + bigEndian(Double(Samples.seconds(index))!) + [0xA5] + "value".utf8
            + [0xCB] + bigEndian(Samples.value(index))
    })
    measureDecoding(
        .messagePack(MessagePackDecoder()), of: messagePack, name: "decode-msgpack",
        milliseconds: milliseconds)
    let doubles = Samples(bytes: { index in
        bigEndian(Double(Samples.seconds(index))!).reversed() + bigEndian(Samples.value(index)).reversed()
    })
    let binary = BinaryDecoder(width: .double, columns: [.ts, .value])
    measureDecoding(.binary(binary), of: doubles, name: "decode-f64", milliseconds: milliseconds)
    let lines = Samples { index in
        "boiler,unit=3 value=\(Samples.value(index)) \(Samples.seconds(index).filter { $0 != "." })000"
    }
    measureDecoding(
        .lineProtocol(LineProtocolDecoder()), of: lines, name: "decode-lineprotocol",
        milliseconds: milliseconds)
}

private func bigEndian(_ value: Double) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) }
}

private func measureDecoding(
    _ decoder: PayloadDecoder, of samples: borrowing Samples, name: String, milliseconds: Double
) {
    let identifier = Samples { "s\(10_000 + $0)" }
    var message = DecodedMessage()
    measure(name, milliseconds: milliseconds) { index in
        samples.read(index) { payload in
            identifier.read(index) { identifier in
                do throws(DecodeError) {
                    try decoder.decode(identifier: identifier.bytes, payload: payload.bytes, into: &message)
                } catch {
                    fatalError("\(name): sample \(index) is valid, found \(error)")
                }
            }
        }
    }
}
