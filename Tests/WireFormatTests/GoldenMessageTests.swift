// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormat

/// Messages that well-known libraries have written (`Golden/make_golden.py`) say what was put into them.
struct GoldenMessageTests {
    struct Message: Decodable, Sendable, CustomTestStringConvertible {
        struct Observation: Decodable, Sendable {
            var decoded: Decoded

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                let stream = try values.decode(String.self)
                let time = try values.decodeIfPresent(Int64.self)
                decoded = Decoded(stream, time, try values.decode(Double.self))
            }
        }

        var format: String
        var library: String
        var payload: String
        var unit: String?
        var observations: [Observation]
        var testDescription: String { "\(library): \(payload.prefix(60))" }

        var bytes: [UInt8] {
            let digits = Array(payload)
            return stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(digits[$0..<$0 + 2]), radix: 16)!
            }
        }

        var decoder: PayloadDecoder {
            switch format {
            case "msgpack": .messagePack(MessagePackDecoder())
            default: .lineProtocol(LineProtocolDecoder(timeUnit: unit.flatMap(TimeUnit.init) ?? .ns))
            }
        }
    }

    static func messages() throws -> [Message] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/golden.json")
        return try Foundation.JSONDecoder().decode([Message].self, from: Data(contentsOf: file))
    }

    @Test func areReadAsTheyWereMeant() throws {
        let messages = try Self.messages()
        #expect(Set(messages.map(\.format)) == ["msgpack", "lineprotocol"])
        for message in messages {
            let expected = message.observations.map(\.decoded)
            #expect(decode(message.bytes, as: message.decoder) == .success(expected), "\(message)")
        }
    }
}
