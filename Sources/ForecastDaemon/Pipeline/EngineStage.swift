// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import BasicContainers
import Forecasting
import WireFormat
import ZeroMQ

/// One engine at work on its loop's own thread.
struct EngineStage: ForecastStage, ~Copyable {
    /// What the engine said to the observations of one input.
    private struct InputCounts {
        var observations: UInt64 = 0
        var refused = [UInt64](repeating: 0, count: Refusal.allCases.count)
    }

    private var engine: ForecastEngine
    /// One per output.
    private var encoders: RigidArray<ForecastEncoder>
    private var inputs: [InputCounts]
    private let questions: QuestionBox
    /// Whether there is no other engine, and so no stage that knows which members have come.
    private let isAlone: Bool
    /// The question that is being answered.
    private var search: StreamSearch?

    /// Makes the engine of one of `plan.pipelineCount` pipelines, which share `quota`.
    init(_ plan: PipelinePlan, questions: QuestionBox, quota: StreamQuota? = nil) {
        self.questions = questions
        isAlone = plan.pipelineCount == 1
        engine = ForecastEngine(
            plan: plan.forecastsOfOnePipeline, seed: .random(in: 0...(.max)), quota: quota)
        encoders = RigidArray(capacity: plan.outputs.count)
        for output in plan.outputs {
            encoders.append(
                ForecastEncoder(
                    epoch: plan.epoch, rules: plan.labels, format: output.format, times: output.times,
                    maximumHorizon: plan.maximumHorizon))
        }
        inputs = plan.inputs.map { _ in InputCounts() }
    }

    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, at now: Timestamp
    ) -> Bool {
        accept(observation, of: identifier, input: input, isCopy: false, at: now)
    }

    /// As above; a copy is counted by another engine.
    mutating func accept(
        _ observation: Observation, of identifier: RawSpan, input: Int, isCopy: Bool, at now: Timestamp
    ) -> Bool {
        guard !engine.isFull else { return false }
        let refusal = engine.accept(observation, of: identifier, isCopy: isCopy, at: now)
        if isCopy { return true }
        if let refusal {
            inputs[input].refused[Int(refusal.rawValue)] += 1
        } else {
            inputs[input].observations += 1
        }
        return true
    }

    var hasForecasts: Bool { false }

    mutating func forecast<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        while engine.advance(at: now) {
            for output in encoders.indices {
                try Self.publish(engine, output: output, through: &encoders[output], to: &sink)
            }
        }
    }

    mutating func note(isBusy: Bool) {}

    var nextDeadline: Timestamp? { engine.nextDeadline }

    mutating func passTime<Sink: ForecastSink & ~Copyable>(
        to sink: inout Sink, at now: Timestamp
    ) throws(ZeroMQError) {
        while engine.passTime(to: now) { try forecast(to: &sink, at: now) }
    }

    // Static with explicit parameters: a span of one property may not be in hand while another one changes.
    private static func publish<Sink: ForecastSink & ~Copyable>(
        _ engine: borrowing ForecastEngine, output: Int, through encoder: inout ForecastEncoder,
        to sink: inout Sink
    ) throws(ZeroMQError) {
        for index in 0..<engine.forecastCount {
            let forecast = engine.forecast(at: index)
            let stream = engine.identifier(of: forecast.slot)
            encoder.encode(
                forecast, stream: stream, yhat: engine.yhat(at: index),
                margins: engine.margins(at: index),
                score: engine.recentScore(at: index))
            try sink.publish(encoder.bytes, stream: stream, sequence: forecast.sequence, output: output)
        }
    }

    var isAsked: Bool { questions.isAsked }

    mutating func answerQuestion() {
        guard let question = questions.first else { return }
        var search = self.search.take() ?? StreamSearch(question)
        // The one before may have waited too long.
        if search.question.number != question.number { search = StreamSearch(question) }
        if let answer = search.advance(over: engine) {
            questions.answer(question, answer)
        } else {
            self.search = consume search
        }
    }

    mutating func finish<Sink: ForecastSink & ~Copyable>(to sink: inout Sink) throws(ZeroMQError) {
        try forecast(to: &sink, at: WallClock.now())
    }

    func count(into report: inout StatusReport) {
        for (index, counts) in inputs.enumerated() {
            report.inputs[index].observations = counts.observations
            report.inputs[index].refused = counts.refused
        }
        report.streams = engine.forecastStreamCount + (isAlone ? engine.memberCount : 0)
        report.resets = engine.resetCount
        report.time = engine.timeCounts
        report.scores = engine.plan.rules.indices.map { engine.pooledScore(ofRule: $0) }
    }
}
