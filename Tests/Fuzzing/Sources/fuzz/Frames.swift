// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import Foundation
import ZeroMQ

@testable import ForecastDaemon
@testable import WireFormat

/// Frames of messages, and messages of frames.
enum Frames {
    /// One frame is divided at its first blank; a number is what its bytes say.
    static func message(_ input: UnsafeRawBufferPointer) {
        let blank = input.firstIndex(of: UInt8(ascii: " "))
        switch Result(catching: { () throws(DecodeError) in try MessageFrames.split(input.bytes) }) {
        case .success(let parts):
            expect(
                parts.identifier == 0..<(blank ?? -1) && parts.payload == (blank ?? -1) + 1..<input.count,
                "\(parts)")
        case .failure(let error): expect(blank == nil && error == .frameCount, "\(error)")
        }
        let number = try? MessageFrames.sequence(from: input.bytes)
        expect((number == nil) == (input.count != 4 && input.count != 8), "a number of \(input.count) bytes")
        if let number {
            expect(number.value == input.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, "\(number)")
        }
        expect(
            StreamIdentifier.isValid(input.bytes)
                == ((1...128).contains(input.count) && input.allSatisfy(StreamIdentifier.isAllowed)),
            "\(input.text)")
    }

    /// What loss-free inputs and their producers say is written as it is read.
    static func producer(_ input: UnsafeRawBufferPointer) {
        func expectSame(_ frame: ShortFrame?, _ kind: String) {
            guard let frame else { return }
            expect(
                frame.bytes.withUnsafeBytes(Array.init) == Array(input),
                "another \(kind) is written: \(Array(input))")
        }
        expectSame(ProducerRequest(input.bytes)?.frame, "request")
        expectSame(ProducerAnswer(input.bytes)?.frame, "answer")
    }

    // MARK: Messages through sockets

    /// A way for frames into messages.
    private struct Wire: ~Copyable {
        private let context: Context
        private var sender: Socket
        private var receiver: Socket

        init() throws(ZeroMQError) {
            let context = try Context()
            var receiver = try Socket(.pull, in: context)
            try receiver.bind("inproc://frames")
            var sender = try Socket(.push, in: context)
            try sender.connect("inproc://frames")
            self.context = context
            self.receiver = receiver
            self.sender = sender
        }

        mutating func pass(_ parts: [[UInt8]], into frames: inout RigidArray<Message>) throws(ZeroMQError) {
            for (index, part) in parts.enumerated() {
                _ = try sender.send(part.span.bytes, more: index + 1 < parts.count)
            }
            for index in parts.indices { _ = try receiver.receive(into: &frames[index], wait: true) }
        }
    }

    nonisolated(unsafe) private static var wire: Wire = {
        do { return try Wire() } catch { fatalError("\(error)") }
    }()

    /// A request for messages that were missed is refused or says what its frames say.
    static func replay(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        var parts: [[UInt8]] = [Array("peer".utf8), Array("id".utf8)]
        for _ in 2..<2 + choices.index(below: ReplayRequest.frameLimit - 1) { parts.append(choices.part()) }
        if choices.byte() & 1 == 1, parts.count == 6 { parts[5] = Array(repeating: 7, count: 8) }
        var frames = RigidArray<Message>(capacity: ReplayRequest.frameLimit)
        for _ in 0..<ReplayRequest.frameLimit { frames.append(Message()) }
        do throws(ZeroMQError) { try wire.pass(parts, into: &frames) } catch { fatalError("\(error)") }
        guard let request = try? ReplayRequest(frames, count: parts.count) else { return }
        expect(parts.count == (request.command == .state ? 4 : 6), "\(parts.count) frames")
        expect("\(request.command)" == parts[2].text, "\(request.command)")
        expect(request.topic.bytes.withUnsafeBytes(Array.init) == parts[3], "another topic")
        guard request.command != .state else { return }
        expect(request.epoch.bytes.withUnsafeBytes(Array.init) == parts[4] && parts[5].count == 8, "\(parts)")
    }

    /// What `forecastd tap` prints of any message is lines without characters that do something to a terminal.
    static func tap(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        var frames = (0..<choices.index(below: 3)).map { _ in choices.part() }
        frames.append(Array(choices.rest))
        let message = TapMessage(frames: frames)
        var forecasts = ForecastView(isStyled: false)
        var observations = ObservationView(decoder: .json(WireFormat.JSONDecoder()), isJSON: false)
        let texts = [
            forecasts.text(of: message, lostBefore: 0), observations.text(of: message, lostBefore: .max),
            ForecastJSONView().text(of: message, lostBefore: 0),
        ]
        for text in texts {
            let isPlain = text.unicodeScalars.allSatisfy {
                $0 == "\n" || $0.properties.generalCategory != .control
            }
            expect(isPlain && text.hasSuffix("\n"), "printed: \(text.debugDescription)")
        }
        expect((try? JSONSerialization.jsonObject(with: Data(texts[2].utf8))) != nil, "no JSON: \(texts[2])")
    }
}
