// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Monitoring
import Testing

/// Pipelines on their real threads, asked until they end and after.
@Suite struct DaemonMonitorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A plan that takes all streams.
    func plan(pipelines: Int) throws -> PipelinePlan {
        try folder.write("model", try ModelSample().bytes())
        let text = """
            inputs: {plant: {socket: pull, bind: ["ipc://\(folder.path)/in"]}}
            outputs: {forecasts: {socket: pub, bind: ["ipc://\(folder.path)/out"]}}
            models: {pump: {weights: model}}
            streams: [{match: "*", model: pump}]
            pipelines: \(pipelines)
            """
        return try PreparedDaemon(
            try DaemonConfiguration.parse(text, file: "\(folder.path)/f.yaml")
        ).pipelinePlan()
    }

    /// Runs pipelines without values while `body` asks them.
    func withPipelines(_ count: Int, _ body: (DaemonMonitor, Mailbox) async throws -> Void) async throws {
        let plan = try plan(pipelines: count)
        let mailbox = try Mailbox(threadCount: plan.threadCount)
        let monitor = DaemonMonitor(plans: PlanInForce(plan), mailbox: mailbox)
        #expect(throws: MonitoringProblem.self) { try monitor.checkReadiness() }
        #expect(throws: MonitoringProblem.self) { try monitor.status() }
        let (isReady, ready) = AsyncStream.makeStream(of: Never.self)
        async let end: Void = PipelineThread.run(plan, mailbox: mailbox) { ready.finish() }
        for await _ in isReady {}
        let result: Result<Void, any Error>
        do { result = .success(try await body(monitor, mailbox)) } catch { result = .failure(error) }
        mailbox.stop()
        try await end
        try result.get()
    }

    @Test(arguments: [1, 3]) func enginesAreAskedUntilTheyEnd(pipelines: Int) async throws {
        try await withPipelines(pipelines) { monitor, mailbox in
            #expect(mailbox.engines.count == pipelines)
            try monitor.checkReadiness()
            try monitor.checkHealth()
            let status = try monitor.status()
            #expect(status.pipelines == pipelines && status.streams.known == 0)
            let nothing = StreamPage(streams: [], next: nil)
            #expect(try await monitor.streams(match: nil, after: nil, limit: 5) == nothing)
            await #expect(throws: MonitoringProblem.self) { try await monitor.stream("plant.a") }
            // Places that nobody was given: nothing is there, or they are refused; nobody is harmed.
            for place in ["0-0", "0-\(Int.max)", "\(pipelines)-0", "\(Int.max)-\(Int.max)"] {
                #expect(
                    try await monitor.streams(match: "*", after: "\(status.epoch)-\(place)", limit: 1)
                        == nothing)
            }
            for after in [
                "", "-", "0-0-0", "\(status.epoch)-0", "\(status.epoch)--1-0", "\(status.epoch)-0-0-0",
            ] {
                await #expect(throws: MonitoringProblem.self, "\(after)") {
                    try await monitor.streams(match: nil, after: after, limit: 1)
                }
            }
        }
    }

    /// Whoever asks while the pipelines end gets an answer or a reason: none waits for ever.
    @Test(arguments: [1, 3]) func theEndLeavesNobodyWaiting(pipelines: Int) async throws {
        var engines: [QuestionBox] = []
        let all = StreamQuestion.Subject.several(first: 0, limit: 1, match: .everything)
        try await withPipelines(pipelines) { _, mailbox in
            engines = Array(mailbox.engines)
            mailbox.stop()
            await withTaskGroup { tasks in
                for engine in engines {
                    for _ in 0..<10 {
                        tasks.addTask { _ = try? await engine.ask(all, atMost: .seconds(3600)) }
                    }
                }
            }
            #expect(mailbox.isStopping)
        }
        for engine in engines {
            await #expect(throws: StreamQuestion.Failure.ended) {
                try await engine.ask(all, atMost: .seconds(3600))
            }
        }
    }
}
