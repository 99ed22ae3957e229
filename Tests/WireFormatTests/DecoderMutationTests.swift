// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import WireFormat

/// Bytes of good messages changed at random: no trap, no read outside of the message, all or nothing, and the
/// same verdict on a JSON text as Foundation's.
struct DecoderMutationTests {
    static let json = PayloadDecoder.json(WireFormat.JSONDecoder())
    static let jsonMessages = [
        #"{"ts":1700000000.123456,"value":20.1234}"#,
        #"{"ts":"2026-11-23T06:59:40.25Z","value":1.25e-3,"x":[1,{"y":"\u00e9"}]}"#,
        #"{"ts":1700000000.5,"values":{"temp":1,"hum":-2.5}}"#,
        #"[{"value":1},{"value":12345678901234567890}]"#,
        #" { "x" : [ true , false , null , "grüße 漢 😀 \ud83d\ude00" ] , "y" : -0.5E+1 } "#,
        #"{"y":7}"#,
    ].map { Array($0.utf8) }
    static let textMessages = [
        "1700000000.123456 20.1234", "3,20.5;", "5 1", "1.7e9\t-1e-3\r\n",
        "12345678901234567890123 0.0000000001",
    ].map { Array($0.utf8) }

    static let messagePack = PayloadDecoder.messagePack(MessagePackDecoder())
    static let messagePackMessages = MessagePackDecoderTests.good.map(\.0.encoded)
    static let lineProtocol = PayloadDecoder.lineProtocol(LineProtocolDecoder())
    static let lineProtocolMessages = [
        "boiler,site=x,unit=3 temp=21.5,hum=40i,n=7u 1700000000000000000", "b s=\"a, b=1 \\\" c\",v=2",
        "b value=1 1\nb,t=x value=2 2\r\n# note\nb v=3 3", "b x=true,y=F,v=-2e-1",
    ].map { Array($0.utf8) }

    /// One to four bytes of a good message replaced, inserted or removed, half of them by what the formats use.
    static func mutated(_ good: [[UInt8]], using generator: inout SeededGenerator) -> [UInt8] {
        func byte() -> UInt8 {
            Bool.random(using: &generator)
                ? Array(#"{}[]":,.-+eE0159 \u/tn"#.utf8).randomElement(using: &generator)!
                : UInt8.random(in: 0...255, using: &generator)
        }
        var payload = good.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0..<payload.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: payload[index] = byte()
            case 1: payload.insert(byte(), at: index)
            default: if payload.count > 1 { payload.remove(at: index) }
            }
        }
        return payload
    }

    /// What Foundation says of `payload`; nil where its rules are others: it reads more encodings than UTF-8,
    /// and takes a comma behind the last element.
    static func isJSON(_ payload: [UInt8]) -> Bool? {
        let text = String(decoding: payload, as: UTF8.self)
        guard !payload.contains(0), !text.hasPrefix("\u{FEFF}"), !text.contains(/,\s*[}\]]/) else {
            return nil
        }
        return (try? JSONSerialization.jsonObject(with: Data(payload), options: .fragmentsAllowed)) != nil
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutatedJSONIsJudgedAsFoundationDoes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let memory = GuardedMemory()
        var (taken, refused) = (0, 0)
        for index in 0..<20_000 {
            let payload = Self.mutated(Self.jsonMessages, using: &generator)
            let text = String(decoding: payload, as: UTF8.self)
            let outcome = memory.place(payload, atEnd: index.isMultiple(of: 2)) {
                decode($0.bytes, as: Self.json)
            }
            let isJSON = Self.isJSON(payload)
            switch outcome {
            case .success(let observations):
                taken += 1
                #expect(!observations.isEmpty && observations.allSatisfy { $0.value.isFinite }, "\(text)")
                #expect(isJSON != false, "seed \(seed): taken, but no JSON: \(text)")
            case .failure(.syntax), .failure(.encoding):
                refused += 1
                #expect(isJSON != true, "seed \(seed): refused, but JSON: \(text)")
            case .failure: refused += 1
            }
        }
        #expect(taken > 500 && refused > 10_000, "seed \(seed): \(taken) taken, \(refused) refused")
    }

    @Test(arguments: [5, 6] as [UInt64]) func mutatedTextNeverTraps(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let memory = GuardedMemory()
        let decoder = PayloadDecoder.text(TextDecoder(columns: [.ts, .value]))
        var (taken, refused) = (0, 0)
        for index in 0..<20_000 {
            let payload = Self.mutated(Self.textMessages, using: &generator)
            let outcome = memory.place(payload, atEnd: index.isMultiple(of: 2)) {
                decode($0.bytes, as: decoder)
            }
            switch outcome {
            case .success(let observations):
                taken += 1
                #expect(observations.count == 1 && observations[0].value.isFinite)
            case .failure: refused += 1
            }
        }
        #expect(taken > 500 && refused > 5000, "seed \(seed): \(taken) taken, \(refused) refused")
    }

    /// Takes nothing but finite values of valid streams, whatever the bytes are.
    static func mutate(
        _ messages: [[UInt8]], _ decoder: PayloadDecoder, seed: UInt64
    ) -> (taken: Int, refused: Int) {
        var generator = SeededGenerator(seed: seed)
        let memory = GuardedMemory()
        var (taken, refused) = (0, 0)
        for index in 0..<20_000 {
            let payload = mutated(messages, using: &generator)
            let outcome = memory.place(payload, atEnd: index.isMultiple(of: 2)) {
                decode($0.bytes, as: decoder)
            }
            switch outcome {
            case .success(let observations):
                taken += 1
                #expect(!observations.isEmpty && observations.allSatisfy { $0.value.isFinite }, "\(payload)")
            case .failure: refused += 1
            }
        }
        return (taken, refused)
    }

    @Test(arguments: [8, 9] as [UInt64]) func mutatedMessagePackNeverTraps(seed: UInt64) {
        let (taken, refused) = Self.mutate(Self.messagePackMessages, Self.messagePack, seed: seed)
        #expect(taken > 500 && refused > 5000, "seed \(seed): \(taken) taken, \(refused) refused")
    }

    @Test(arguments: [10, 11] as [UInt64]) func mutatedLinesNeverTrap(seed: UInt64) {
        let (taken, refused) = Self.mutate(Self.lineProtocolMessages, Self.lineProtocol, seed: seed)
        #expect(taken > 500 && refused > 5000, "seed \(seed): \(taken) taken, \(refused) refused")
    }

    @Test func randomBytesNeverTrap() {
        var generator = SeededGenerator(seed: 7)
        let memory = GuardedMemory()
        for index in 0..<50_000 {
            let payload = (0..<index % 40).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for decoder in [
                Self.json, .text(TextDecoder()), Self.messagePack, Self.lineProtocol,
                JSONDecoderTests.pointers,
            ] {
                memory.place(payload, atEnd: index.isMultiple(of: 2)) { _ = decode($0.bytes, as: decoder) }
            }
        }
    }
}
