// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Glibc
package import ZeroMQ

/// Writes the messages that a daemon's inputs get into a file, beside the daemon or without it.
package struct Recorder: ~Copyable {
    /// When to end.
    package struct Options: Sendable {
        /// Messages after which to end; nil for no limit.
        package var limit: Int?
        /// Time after which to end; nil for no limit.
        package var duration: Duration?

        package init(limit: Int? = nil, duration: Duration? = nil) {
            (self.limit, self.duration) = (limit, duration)
        }
    }

    private struct Input: ~Copyable {
        let name: String
        var socket: Socket
    }

    private let options: Options
    private let inputs: [PipelinePlan.Input]
    private let path: String
    private var output: TapOutput
    private let descriptor: Int32
    /// Messages so far.
    package private(set) var count = 0

    /// Makes the file, where there is none yet.
    ///
    /// - Parameters:
    ///   - curve: What to prove oneself with instead of the daemon's key; without a server's key, those of the inputs.
    ///   - leftOut: Receives the names of inputs that cannot be listened to: what a pull input takes, the daemon lacks,
    ///   and where a daemon binds, nobody else can.
    package init(
        _ prepared: PreparedDaemon, to path: String, _ options: Options, curve: CurveSecurity? = nil,
        leftOut: inout [String]
    ) throws(DaemonError) {
        let keys =
            if let curve {
                SocketKeys(curve.keys, clients: [:])
            } else {
                try SocketKeys(prepared.configuration)
            }
        var all = prepared.pipelinePlan(keys: keys).inputs
        if let serverKey = curve?.serverKey {
            for index in all.indices where all[index].isSecured {
                all[index].options.curve?.serverKey = serverKey
            }
        }
        let inputs = all.filter { $0.socket == .sub && !$0.connect.isEmpty }
        leftOut = all.map(\.name).filter { name in !inputs.contains { $0.name == name } }
        guard !inputs.isEmpty else {
            throw DaemonError(.configuration, "expected an input with socket: sub that connects, found none")
        }
        if curve != nil, let clear = inputs.first(where: { !$0.isSecured }) {
            throw DaemonError(
                .usage,
                "--curve-key: inputs.\(clear.name) talks in the clear by its configuration: leave the option out, or give the "
                    + "input a server_key (and the configuration curve)")
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DaemonError(
                errno == EACCES ? .permission : .cannotCreate,
                "\(path): expected the path of a file that is not there yet and can be made: \(String(cString: strerror(errno)))"
            )
        }
        (self.options, self.inputs, self.path, self.descriptor) = (options, inputs, path, descriptor)
        output = TapOutput(descriptor: descriptor)
        output.write(bytes: RecordingFormat.header)
    }

    deinit { close(descriptor) }

    /// Records until a limit or a signal.
    package mutating func run() throws(DaemonError) {
        let signals = try TerminationSignals.descriptor()
        do throws(ZeroMQError) { try record(until: signals) } catch { throw DaemonError(error) }
        if let problem = output.problem { throw DaemonError(problem.status, "\(path): \(problem)") }
        guard fsync(descriptor) == 0 else {
            throw DaemonError(.inputOutput, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    private mutating func record(until signals: Int32) throws(ZeroMQError) {
        let context = try Context()
        var poller = Poller()
        let signalItem = poller.add(descriptor: signals)
        var open = RigidArray<Input>(capacity: inputs.count)
        for input in inputs {
            var socket = try Socket(.sub, in: context, options: input.options)
            for topic in input.topics { try socket.subscribe(to: topic) }
            for endpoint in input.connect { try socket.connect(endpoint) }
            _ = poller.add(socket)
            open.append(Input(name: input.name, socket: socket))
        }
        let end = options.duration.map { ContinuousClock.now + $0 }
        var frame = Message()
        while output.flush() {
            let left = end.map { $0 - .now } ?? .seconds(1)
            guard left > .zero else { return }
            _ = try poller.wait(atMost: left)
            if poller.isReady(signalItem) { return }
            for index in open.indices {
                // At most so many before a look at the signals and the other inputs.
                for _ in 0..<1000 {
                    guard let frames = try Tap.receive(from: &open[index].socket, into: &frame) else { break }
                    let message = RecordedMessage(
                        arrival: WallClock.now(), input: open[index].name, frames: frames)
                    output.write(bytes: RecordingFormat.record(of: message))
                    count += 1
                    if count == options.limit { return _ = output.flush() }
                }
            }
        }
    }
}
