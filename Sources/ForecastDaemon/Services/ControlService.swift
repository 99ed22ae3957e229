// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import ServiceLifecycle

/// Does what changes the running daemon, one after the other: what comes over the control socket, and SIGHUP.
struct ControlService: Service {
    /// What is to be done.
    enum Event: Sendable {
        /// SIGHUP came.
        case hangUp
        case request(ControlExchange)
    }

    /// Nil where there is no control socket.
    let socket: ControlSocket?
    let events: AsyncStream<Event>
    /// Where events are put.
    let queue: AsyncStream<Event>.Continuation
    let reloader: Reloader

    /// Runs until shutdown.
    func run() async throws {
        try socket?.start { [queue] in
            if case .terminated = queue.yield(.request($0)) {
                $0.answer(Self.text(of: .failure(Self.stopping)))
            }
        }
        var reloader = reloader
        await withGracefulShutdownHandler {
            for await event in events {
                switch event {
                case .hangUp: _ = try? await reloader.reload()
                case .request(let exchange):
                    exchange.answer(Self.text(of: await Self.reply(to: exchange.request, by: &reloader)))
                }
            }
        } onGracefulShutdown: {
            queue.finish()
        }
        socket?.stop()
    }

    private static let stopping = DaemonError(.unavailable, "the daemon is stopping; nothing was changed")

    private static func reply(
        to line: [UInt8], by reloader: inout Reloader
    ) async -> Result<ReloadReport, DaemonError> {
        let request: ControlRequest
        do { request = try Foundation.JSONDecoder().decode(ControlRequest.self, from: Data(line)) } catch {
            return .failure(
                DaemonError(
                    .usage, #"expected a line {"request": "reload", "plan": true or false}, found another"#))
        }
        do {
            return .success(try await request.plan == true ? reloader.plan() : reloader.reload())
        } catch {
            return .failure(error as? DaemonError ?? DaemonError(.software, "\(error)"))
        }
    }

    private static func text(of result: Result<ReloadReport, DaemonError>) -> String {
        let answer =
            switch result {
            case .success(let report): ControlAnswer(report)
            case .failure(let error): ControlAnswer(error)
            }
        // Names, counts and texts: there is nothing in it that JSON cannot say.
        do { return try answer.jsonText() } catch { preconditionFailure("\(error)") }
    }
}
