// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting

@testable import WireFormat

/// An observation that was read from a payload.
struct Reading: Equatable {
    var stream: String
    var time: Timestamp?
    var value: Double
}

/// Payloads in every format; the first byte of an input chooses the settings.
enum Payloads {
    typealias Outcome = Result<[Reading], DecodeError>

    /// All or nothing, finite values, valid ids; the same wherever the payload lies in memory.
    static func decode(
        _ payload: UnsafeRawBufferPointer, as decoder: PayloadDecoder, identifier: String = "a"
    ) -> Outcome {
        let outcome = decodeOnce(payload, as: decoder, identifier)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count + 1, alignment: 16)
        defer { copy.deallocate() }
        let moved = UnsafeMutableRawBufferPointer(rebasing: copy[1...])
        moved.copyMemory(from: payload)
        expect(
            decodeOnce(UnsafeRawBufferPointer(moved), as: decoder, identifier) == outcome,
            "another outcome elsewhere")
        return outcome
    }

    private static func decodeOnce(
        _ payload: UnsafeRawBufferPointer, as decoder: PayloadDecoder, _ identifier: String
    ) -> Outcome {
        var message = DecodedMessage(capacity: 64)
        do throws(DecodeError) {
            try decoder.decode(identifier: identifier.utf8.span.bytes, payload: payload.bytes, into: &message)
        } catch {
            expect(message.count == 0, "a refused message leaves something behind")
            return .failure(error)
        }
        expect(message.count > 0, "a message without observations is taken")
        return .success(
            (0..<message.count).map { index in
                let (time, value) = message.observation(at: index)
                let id = message.identifier(at: index)
                expect(value.isFinite, "\(value)")
                expect(StreamIdentifier.isValid(id), "an invalid id")
                return Reading(stream: id.withUnsafeBytes(\.text), time: time, value: value)
            })
    }

    /// Takes out the payload and the one of `decoders` that its first byte chooses.
    private static func choose(
        _ input: UnsafeRawBufferPointer, _ decoders: [PayloadDecoder]
    ) -> (UnsafeRawBufferPointer, PayloadDecoder) {
        var choices = Choices(input)
        let decoder = decoders[choices.index(below: decoders.count)]
        return (choices.rest, decoder)
    }

    // MARK: Formats with names

    private static let pointers = FieldNames(
        time: ["/meta/at", "ts"], value: ["/data/list/0/v", "/data/list/1", "/a~1b/m~0n"], values: "/data/all"
    )
    private static let jsonDecoders: [PayloadDecoder] = [
        .json(JSONDecoder()), .json(JSONDecoder(timeUnit: .ns, allowsNumbersAsText: true)),
        .json(JSONDecoder(fields: pointers, timeUnit: .ms)),
    ]

    /// What is taken is JSON, and what is refused for its grammar is none.
    static func json(_ input: UnsafeRawBufferPointer) {
        let (payload, decoder) = choose(input, jsonDecoders)
        let outcome = decode(payload, as: decoder)
        // A number is one only up to 1024 characters, and nesting ends at 32.
        guard payload.count < 1024 else { return }
        switch outcome {
        case .success: expect(ReferenceJSON.isValid(payload), "no JSON is taken: \(payload.text)")
        case .failure(.syntax), .failure(.encoding):
            expect(!ReferenceJSON.isValid(payload), "JSON is refused: \(payload.text)")
        case .failure: break
        }
    }

    private static let messagePackDecoders: [PayloadDecoder] = [
        .messagePack(MessagePackDecoder()), .messagePack(MessagePackDecoder(timeUnit: .ns)),
        .messagePack(MessagePackDecoder(fields: pointers, timeUnit: .ms)),
    ]

    /// What it is as JSON is JSON; and where both can be read, their streams and values are the same, where a float is the
    /// shortest decimal that leads to it.
    static func messagePack(_ input: UnsafeRawBufferPointer) {
        let (payload, decoder) = choose(input, messagePackDecoders)
        let outcome = decode(payload, as: decoder)
        guard let json = MessagePackText.json(payload.bytes) else { return }
        json.withUnsafeBytes { json in
            expect(ReferenceJSON.isValid(json), "no JSON: \(json.text)")
            guard case .success(let readings) = outcome else { return }
            let jsonDecoder = choose(input, jsonDecoders).1
            guard case .success(let others) = decodeOnce(json, as: jsonDecoder, "a") else { return }
            expect(
                readings.count == others.count
                    && zip(readings, others).allSatisfy { isSame($0.value, asText: $1.value) }
                    && readings.map(\.stream) == others.map(\.stream),
                "\(readings) as JSON are \(others)")
        }
    }

    private static func isSame(_ value: Double, asText other: Double) -> Bool {
        value == other || value == Double(Float(value)) && Float(value) == Float(other)
    }

    // MARK: Formats of lines and columns

    static func lineProtocol(_ input: UnsafeRawBufferPointer) {
        let decoders = TimeUnit.allCases.map {
            PayloadDecoder.lineProtocol(LineProtocolDecoder(timeUnit: $0))
        }
        let (payload, decoder) = choose(input, decoders)
        _ = decode(payload, as: decoder, identifier: "base")
    }

    private static let columns: [[Column]] = [
        [.value], [.ts, .value], [.skip, .named("a"), .ts, .named("b")], [.value, .skip],
    ]

    static func text(_ input: UnsafeRawBufferPointer) {
        let decoders = columns.map { PayloadDecoder.text(TextDecoder(columns: $0, timeUnit: .ms)) }
        let (payload, decoder) = choose(input, decoders)
        guard case .success(let readings) = decode(payload, as: decoder) else { return }
        expect(readings.count <= 2, "\(readings.count) values of a line")
    }

    /// The values are those that stand at their places.
    static func binary(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        let columns = columns[choices.index(below: columns.count)]
        let isSingle = choices.byte() & 1 == 1 && !columns.contains(.ts)
        let payload = choices.rest
        let decoder = PayloadDecoder.binary(
            BinaryDecoder(width: isSingle ? .single : .double, columns: columns))
        guard case .success(let readings) = decode(payload, as: decoder) else { return }
        let width = isSingle ? 4 : 8
        var expected: [Double] = []
        for place in 0..<payload.count / width where columns[place % columns.count].isValue {
            expected.append(
                isSingle
                    ? Double(payload.loadUnaligned(fromByteOffset: place * width, as: Float.self))
                    : payload.loadUnaligned(fromByteOffset: place * width, as: Double.self))
        }
        expect(payload.count % (width * columns.count) == 0, "\(payload.count) bytes are no rows")
        expect(readings.map(\.value) == expected, "\(readings) of \(expected)")
    }
}
