// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing

/// Questions on their way to a thread and back.
@Suite struct QuestionBoxTests {
    static let all = StreamQuestion.Subject.several(first: 0, limit: 1, match: .everything)

    /// Gives way until the box holds a question.
    static func waitUntilAsked(_ box: QuestionBox) async {
        while !box.isAsked { await Task.yield() }
    }

    @Test func anAnswerReachesWhoAsked() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        #expect(!box.isAsked && box.first == nil)
        async let answer = box.ask(Self.all, atMost: .seconds(60))
        await Self.waitUntilAsked(box)
        box.answer(try #require(box.first), StreamAnswer(streams: [], next: 7))
        #expect(try await answer.next == 7)
        #expect(!box.isAsked && box.first == nil)
    }

    @Test func questionsAreAnsweredInTheirOrder() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        try await withThrowingTaskGroup(of: Int?.self) { tasks in
            for _ in 0..<QuestionBox.capacity {
                tasks.addTask { try await box.ask(Self.all, atMost: .seconds(60)).next }
            }
            var next = 0
            while next < QuestionBox.capacity {
                guard let question = box.first else {
                    await Task.yield()
                    continue
                }
                box.answer(question, StreamAnswer(streams: [], next: next))
                next += 1
            }
            let answers = try await tasks.reduce(into: Set<Int?>()) { $0.insert($1) }
            #expect(answers == Set((0..<QuestionBox.capacity).map { Optional($0) }))
        }
    }

    @Test func whoWaitsTooLongIsTold() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        await #expect(throws: StreamQuestion.Failure.late) {
            try await box.ask(Self.all, atMost: .milliseconds(1))
        }
        #expect(!box.isAsked && box.first == nil)
    }

    @Test func aLateAnswerGoesToNobody() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        async let first: StreamAnswer? = try? await box.ask(Self.all, atMost: .milliseconds(50))
        await Self.waitUntilAsked(box)
        let question = try #require(box.first)
        #expect(await first == nil)
        async let second = box.ask(Self.all, atMost: .seconds(60))
        await Self.waitUntilAsked(box)
        box.answer(question, StreamAnswer(streams: [], next: 1))
        #expect(box.isAsked)
        box.answer(try #require(box.first), StreamAnswer(streams: [], next: 2))
        #expect(try await second.next == 2)
    }

    @Test func tooManyAreRefused() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        await withTaskGroup(of: StreamQuestion.Failure?.self) { tasks in
            for _ in 0..<QuestionBox.capacity + 5 {
                tasks.addTask {
                    do {
                        _ = try await box.ask(Self.all, atMost: .seconds(60))
                        return nil
                    } catch { return error as? StreamQuestion.Failure }
                }
            }
            for _ in 0..<5 { #expect(await tasks.next() == .busy) }
            box.close()
            for await failure in tasks { #expect(failure == .ended) }
        }
    }

    /// The end of a thread leaves nobody waiting, neither those who asked before nor those who ask later.
    @Test func theEndIsToldToAll() async throws {
        let box = QuestionBox(doorbell: try Doorbell())
        async let early: StreamQuestion.Failure? = {
            do {
                _ = try await box.ask(Self.all, atMost: .seconds(60))
                return nil
            } catch { return error as? StreamQuestion.Failure }
        }()
        await Self.waitUntilAsked(box)
        box.close()
        #expect(await early == .ended)
        await #expect(throws: StreamQuestion.Failure.ended) {
            try await box.ask(Self.all, atMost: .seconds(60))
        }
        #expect(!box.isAsked)
    }
}
