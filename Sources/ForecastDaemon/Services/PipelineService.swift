// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Logging
import ServiceLifecycle

/// Runs the pipeline's thread, and stops it when the daemon shuts down.
package struct PipelineService: Service {
    let plan: PipelinePlan
    let mailbox: Mailbox
    let listeners: KeptListeners
    let notifier: ServiceNotifier
    let logger: Logger
    /// Ends when reports are served, if they are to be: only then is the daemon ready.
    let isListening: AsyncStream<Never>

    /// Runs until the pipeline has drained its inputs, as far as the time allows, and ended.
    package func run() async throws {
        await cancelWhenGracefulShutdown { for await _ in isListening {} }
        guard !Task.isShuttingDownGracefully else { return }
        var plan = plan
        plan.state?.report = { [logger, notifier] in Self.tell($0, logger, notifier) }
        try await withTaskCancellationOrGracefulShutdownHandler { [plan] in
            try await PipelineThread.run(plan, mailbox: mailbox, listener: listeners.descriptor) {
                [notifier, logger] in
                for input in plan.inputs {
                    logger.info(
                        "input \(input.name) open",
                        metadata: [
                            "connect": "\(input.connect)", "bind": "\(input.bind)",
                        ])
                }
                for output in plan.outputs {
                    logger.info(
                        "output \(output.name) open",
                        metadata: [
                            "connect": "\(output.connect)", "bind": "\(output.bind)",
                            "replay": "\(output.keeping?.replay?.bind ?? [])",
                        ])
                }
                notifier.ready(status: "waiting for the first observation")
            }
        } onCancelOrGracefulShutdown: { [mailbox, notifier] in
            notifier.stopping()
            mailbox.stop()
        }
    }

    /// Says in the log, and to the service manager, what becomes of the state.
    private static func tell(_ event: StateEvent, _ logger: Logger, _ notifier: ServiceNotifier) {
        switch event {
        case .replaying(let observations):
            notifier.starting(status: "recovering: \(observations) observations of the journal so far")
        case .recovered(let recovered) where recovered.isEmpty:
            logger.info("state: none was found, all streams begin anew")
        case .recovered(let recovered):
            let streams = recovered.streams
            logger.info(
                "state: \(streams.kept) streams from a snapshot, \(recovered.observations) observations from the journal"
            )
            if let reload = recovered.reload {
                let other = reload.isSame ? "" : ", which is not the one that was reloaded"
                logger.warning(
                    "state: the daemon ended between a reload and its snapshot: what came since the snapshot before was taken in anew under the configuration of now\(other)"
                )
            }
            if recovered.lost > 0 {
                logger.warning(
                    "state: \(recovered.lost) observations came while the disk was full, were not journalled and are missing"
                )
            }
            if streams.changed > 0 {
                logger.warning(
                    "state: \(streams.changed) streams begin anew, because their rule or model is another now"
                )
            }
            if streams.left > 0 {
                logger.warning(
                    "state: \(streams.left) streams are dropped: there is no room for them; raise streams_limit or state.spill_limit"
                )
            }
        case .divided(let before, let now, let streams, let kept):
            logger.notice(
                "state: \(streams.kept) streams of \(before) pipelines are divided among \(now) now; what was stays in \(kept.joined(separator: ", "))"
            )
            if streams.changed + streams.left > 0 {
                logger.warning(
                    "state: \(streams.changed) streams begin anew, because their rule or model is another now; \(streams.left) are dropped, because there is no room"
                )
            }
        case .damaged(let snapshot): logger.error("state: \(snapshot); the one before is taken")
        case .lost(let records):
            logger.error("state: \(records); going on without them, as --accept-loss says")
        case .destroyed(let state):
            logger.error(
                "state: \(state); the stream begins anew, as do further ones, which the status counts as lost"
            )
        case .noSnapshot:
            logger.error(
                "state: no room for a snapshot, or the disk is too slow for it; the journal goes on, it is tried again"
            )
        case .onlyNewest:
            logger.warning(
                "state: the disk has no room for a snapshot beside two others: the older one is removed, and nothing is there to fall back to until the next one is done; make room"
            )
        case .full:
            logger.error(
                "state: the disk is full: forecasts go on, but what comes now would be lost by a restart; make room"
            )
        case .room(let lost):
            logger.notice("state: there is room on the disk again; \(lost) observations were not journalled")
        }
    }
}
