// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import WireFormat
import ZeroMQ

/// What a peer asks of a replay socket: `[request id][command][topic]`, and but for `state` `[epoch][number]` behind it.
struct ReplayRequest {
    /// What is asked for.
    enum Command {
        /// The last message of each topic that begins with the given one.
        case state
        /// The messages of one topic that follow a sequence.
        case after
        /// All messages of topics that begin with the given one and follow a number of the log.
        case since
    }

    /// Why a request is refused.
    enum Refusal: Error {
        case frames, identifier, command, topic, epoch, number

        /// What was expected, for a person.
        var text: StaticString {
            switch self {
            case .frames:
                "expected the frames [request id] state [prefix], [request id] after [topic] [epoch] [sequence] or [request id] since [prefix] [epoch] [number]; found another count of frames"
            case .identifier: "expected a request id of at most 32 bytes"
            case .command: "expected the command state, after or since"
            case .topic:
                "expected a topic or its beginning, at most 138 bytes of A-Z a-z 0-9 . _ : / - @"
            case .epoch: "expected an epoch of 16 hexadecimal digits, as the payloads have it"
            case .number: "expected a number of 8 bytes, little endian"
            }
        }
    }

    /// Frames of the longest request, with the peer's.
    static let frameLimit = 6

    let command: Command
    let topic: TopicPrefix
    let epoch: ShortBytes<16>
    let number: UInt64

    /// Reads `count` frames, of which the first says of which peer they are, and the second is the request's id.
    init(_ frames: borrowing RigidArray<Message>, count: Int) throws(Refusal) {
        guard count >= 4 else { throw .frames }
        command = try Self.command(frames[2].bytes)
        guard count == (command == .state ? 4 : 6) else { throw .frames }
        guard let topic = TopicPrefix(frames[3].bytes) else { throw .topic }
        self.topic = topic
        guard command != .state else {
            (epoch, number) = (ShortBytes(), 0)
            return
        }
        guard frames[4].byteCount == 16, let epoch = ShortBytes<16>(frames[4].bytes) else { throw .epoch }
        guard case .bits64(let number)? = try? MessageFrames.sequence(from: frames[5].bytes) else {
            throw .number
        }
        (self.epoch, self.number) = (epoch, number)
    }

    private static func command(_ frame: RawSpan) throws(Refusal) -> Command {
        if frame.isEqual(to: StaticString("state").bytes) { return .state }
        if frame.isEqual(to: StaticString("after").bytes) { return .after }
        if frame.isEqual(to: StaticString("since").bytes) { return .since }
        throw .command
    }
}
