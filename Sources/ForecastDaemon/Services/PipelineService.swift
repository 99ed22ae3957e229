// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// Runs the pipeline's thread, and stops it when the daemon shuts down.
package struct PipelineService: Service {
    let plan: PipelinePlan
    let mailbox: Mailbox
    let notifier: ServiceNotifier
    let logger: Logger
    /// Ends when reports are served, if they are to be: only then is the daemon ready.
    let isListening: AsyncStream<Never>

    /// Runs until the pipeline has drained its inputs, as far as the time allows, and ended.
    package func run() async throws {
        await cancelWhenGracefulShutdown { for await _ in isListening {} }
        guard !Task.isShuttingDownGracefully else { return }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await PipelineThread.run(plan, mailbox: mailbox) { [plan, notifier, logger] in
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
            mailbox.post(.stop)
        }
    }
}
