// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Logging
import Monitoring
import ServiceLifecycle

/// Serves the daemon's reports over HTTP.
struct MonitoringService: Service {
    let http: HTTPConfiguration
    /// Gives a descriptor that listens at the configured address; nil where there is none yet.
    let listener: @Sendable () -> Int32?
    /// What requests have to show; nil for nothing.
    let token: BearerToken?
    let monitor: DaemonMonitor
    let logger: Logger
    /// Finished when requests are answered.
    let listening: AsyncStream<Never>.Continuation

    /// Runs until shutdown.
    func run() async throws {
        let server = MonitoringServer(
            host: http.host, port: http.port, listener: listener(), source: monitor, token: token,
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await server.run { _ in
                        logger.info("http open", metadata: ["bind": "\(http.authority)"])
                        listening.finish()
                    }
                } catch let error as MonitoringServer.ListeningError {
                    throw DaemonError(
                        error.isForbidden ? .permission : .unavailable,
                        "http.bind: cannot listen on \(http.authority): \(error)")
                }
            }
            tasks.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { monitor.sample() }
            }
            try await tasks.next()
            tasks.cancelAll()
        }
    }
}
