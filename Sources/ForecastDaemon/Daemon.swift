// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Monitoring
import ServiceLifecycle
import UnixSignals

/// The daemon: the pipelines and the services around it, from start to a clean end.
package struct Daemon: Sendable {
    let prepared: PreparedDaemon
    let path: String
    let plan: PipelinePlan
    let logger: Logger

    /// Makes a daemon that will do what `plan` says, which is that of `prepared`, read from the file at `path`.
    init(_ prepared: PreparedDaemon, path: String, plan: PipelinePlan, logger: Logger) {
        self.prepared = prepared
        self.path = path
        self.plan = plan
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, then drains and returns.
    ///
    /// A second signal ends the process at once.
    ///
    /// - Throws: A `DaemonError` if the pipeline cannot begin or go on.
    package func run() async throws {
        var passed = PassedDescriptors.ofThisProcess()
        let mailbox = try Mailbox(threadCount: plan.threadCount)
        let notifier = ServiceNotifier(environment: ProcessEnvironment.variable)
        let control = try controlSocket()
        let plans = PlanInForce(plan)
        let (events, queue) = AsyncStream.makeStream(of: ControlService.Event.self)
        // They stop in the reverse order: the input first.
        let (isListening, listening) = AsyncStream.makeStream(of: Never.self)
        var services: [any Service] = [
            WatchdogService(mailbox: mailbox, notifier: notifier),
            DropLogService(
                mailbox: mailbox, interval: prepared.configuration.log.dropsEvery,
                hint: DropLogService.hint(path: path, hasHTTP: prepared.configuration.http != nil),
                logger: logger),
        ]
        let listener = try prepared.passedListener(from: &passed)
        let backOff = StartBackOff(&passed, notifier: notifier)
        let listeners = KeptListeners(&passed, for: prepared.keptEndpoints, notifier: notifier)
        close(passed, notifier)
        if let http = prepared.configuration.http {
            let monitor = DaemonMonitor(plans: plans, mailbox: mailbox, metricPatterns: http.metricsStreams)
            services.append(
                MonitoringService(
                    http: http, listener: { listener ?? listeners.descriptor(for: http.endpoint) },
                    token: try BearerToken(http), monitor: monitor, logger: logger, listening: listening))
        } else {
            listening.finish()
        }
        services.append(
            ControlService(
                socket: control, events: events, queue: queue,
                reloader: Reloader(
                    prepared, path: path, plans: plans, mailbox: mailbox, notifier: notifier, logger: logger)
            ))
        services.append(
            PipelineService(
                plan: plan, mailbox: mailbox, listeners: listeners, notifier: notifier, logger: logger,
                isListening: isListening))
        var groupLogger = logger
        groupLogger.logLevel = max(.notice, logger.logLevel)  // below that it prints whole services
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
                }, logger: groupLogger))
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let (isStopping, stop) = AsyncStream.makeStream(of: Never.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await heed(signals, hangUp: { queue.yield(.hangUp) }) {
                    stop.finish()
                    await group.triggerGracefulShutdown()
                }
            }
            tasks.addTask {
                if let backOff {
                    guard await wait(backOff, until: isStopping, notifier: notifier) else { return }
                    backOff.countStart()
                }
                try control?.listen()
                try await group.run()
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
        backOff?.reset()
        if let report = mailbox.newestReport { logEnd(report) }
    }

    /// Closes what the service manager has passed and nobody has taken.
    private func close(_ passed: PassedDescriptors, _ notifier: ServiceNotifier) {
        for (name, descriptor) in passed.rest {
            logger.warning("the service manager has passed \(name), for which there is no use")
            Glibc.close(descriptor)
            notifier.forget(name)
        }
    }

    /// The first signal but SIGHUP is one to stop; the second ends the process at once.
    private func heed(
        _ signals: UnixSignalsSequence, hangUp: () -> Void, stop: () async -> Void
    ) async {
        var isShuttingDown = false
        for await signal in signals {
            if signal == .sighup {
                hangUp()
                continue
            }
            if isShuttingDown { _exit(128 + signal.rawValue) }
            isShuttingDown = true
            logger.info("\(signal): draining; a second signal ends the process at once")
            await stop()
        }
    }

    private func logEnd(_ report: StatusReport) {
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

    /// Waits where starts failed before this one; false where the daemon is to stop instead.
    private func wait(
        _ backOff: StartBackOff, until isStopping: AsyncStream<Never>, notifier: ServiceNotifier
    ) async -> Bool {
        guard backOff.pause > .zero else { return true }
        let text =
            "\(backOff.failures) starts in a row ended soon and badly: waiting \(backOff.pause.text) before this one"
        logger.warning("\(text)")
        notifier.starting(status: text)
        return await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask { (try? await Task.sleep(for: backOff.pause)) != nil }
            tasks.addTask {
                for await _ in isStopping {}
                return false
            }
            defer { tasks.cancelAll() }
            return await tasks.next() ?? false
        }
    }

    /// Where the daemon is told what changes it; nil where neither the configuration nor the service manager names a place.
    private func controlSocket() throws(DaemonError) -> ControlSocket? {
        guard
            let path = prepared.configuration.control?.path
                ?? ControlAddress.standardPath(environment: ProcessEnvironment.variable)
        else { return nil }
        return try ControlSocket(try ControlAddress(path: path))
    }
}
