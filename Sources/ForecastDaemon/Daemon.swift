// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// The daemon: the pipelines and the services around it, from start to a clean end.
package struct Daemon: Sendable {
    let plan: PipelinePlan
    let dropLogInterval: Duration
    let http: HTTPConfiguration?
    let logger: Logger

    /// Makes a daemon that will do what `plan` says.
    init(plan: PipelinePlan, dropLogInterval: Duration, http: HTTPConfiguration?, logger: Logger) {
        self.plan = plan
        self.dropLogInterval = dropLogInterval
        self.http = http
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, then drains and returns.
    ///
    /// A second signal ends the process at once.
    ///
    /// - Throws: A `DaemonError` if the pipeline cannot begin or go on.
    package func run() async throws {
        let mailbox = try Mailbox(threadCount: plan.threadCount)
        let notifier = ServiceNotifier { name in getenv(name).map { String(cString: $0) } }
        // They stop in the reverse order: the input first.
        let (isListening, listening) = AsyncStream.makeStream(of: Never.self)
        var services: [any Service] = [
            WatchdogService(mailbox: mailbox, notifier: notifier),
            DropLogService(mailbox: mailbox, interval: dropLogInterval, logger: logger),
        ]
        if let http {
            let monitor = DaemonMonitor(
                plan: plan, mailbox: mailbox, metricPatterns: http.metricsStreams)
            services.append(
                MonitoringService(http: http, monitor: monitor, logger: logger, listening: listening))
        } else {
            listening.finish()
        }
        services.append(
            PipelineService(
                plan: plan, mailbox: mailbox, notifier: notifier, logger: logger, isListening: isListening))
        var groupLogger = logger
        groupLogger.logLevel = max(.notice, logger.logLevel)  // below that it prints whole services
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
                }, logger: groupLogger))
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                var isShuttingDown = false
                for await signal in signals {
                    if signal == .sighup {
                        logger.notice("SIGHUP: a changed configuration is read at the next start")
                        continue
                    }
                    if isShuttingDown { _exit(128 + signal.rawValue) }
                    isShuttingDown = true
                    logger.info("\(signal): draining; a second signal ends the process at once")
                    await group.triggerGracefulShutdown()
                }
            }
            tasks.addTask { try await group.run() }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
        if let report = mailbox.newestReport {
            if report.isCutShort {
                logger.warning("messages were still arriving 5 s after the stop; the rest was left unread")
            }
            logger.info(
                "stopped",
                metadata: [
                    "streams": "\(report.streams)", "observations": "\(report.observations)",
                    "forecasts": "\(report.forecasts)", "dropped": "\(report.drops)",
                ])
        }
    }
}
