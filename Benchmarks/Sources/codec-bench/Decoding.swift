// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import WireFormat

/// Reads messages of one value with its time, of streams with ids like `s10042`, from their bytes to the decoded
/// message: the id is checked as well.
///
/// As JSON they are like `{"ts":1700000042.123456,"value":20.1234}`, as text like `1700000042.123456 20.1234`.
func measureDecoding(milliseconds: Double) {
    let json = Samples { #"{"ts":\#(Samples.seconds($0)),"value":\#(Samples.value($0))}"# }
    measureDecoding(.json(JSONDecoder()), of: json, name: "decode-json", milliseconds: milliseconds)
    let text = Samples { "\(Samples.seconds($0)) \(Samples.value($0))" }
    let columns = TextDecoder(columns: [.ts, .value])
    measureDecoding(.text(columns), of: text, name: "decode-text", milliseconds: milliseconds)
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
