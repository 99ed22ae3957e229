// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The questions that wait for one engine's thread, which answers them between its turns.
///
/// While nobody asks, the thread reads one atomic a turn.
package final class QuestionBox: Sendable {
    private struct Waiting {
        let question: StreamQuestion
        let continuation: CheckedContinuation<StreamAnswer, any Error>
        let timer: Task<Void, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var askedCount: UInt64 = 0
        var isClosed = false
    }

    /// The most questions that wait at once.
    package static let capacity = 16

    private let state = Mutex(State())
    private let hasWaiting = Atomic<Bool>(false)
    private let doorbell: Doorbell

    /// Makes an empty box for the thread that `doorbell` wakes.
    package init(doorbell: Doorbell) { self.doorbell = doorbell }

    /// Asks, and waits for the answer, at most for `limit`.
    ///
    /// - Throws: A `StreamQuestion.Failure`.
    package func ask(_ subject: StreamQuestion.Subject, atMost limit: Duration) async throws -> StreamAnswer {
        try await withCheckedThrowingContinuation { continuation in
            let refusal = state.withLock { state -> StreamQuestion.Failure? in
                guard !state.isClosed else { return .ended }
                guard state.waiting.count < Self.capacity else { return .busy }
                state.askedCount += 1
                let number = state.askedCount
                // Begun under the lock, so that it cannot end before the question waits.
                let timer = Task { [weak self] in
                    guard (try? await Task.sleep(for: limit)) != nil else { return }
                    self?.end(number, with: .failure(StreamQuestion.Failure.late))
                }
                state.waiting.append(
                    Waiting(
                        question: StreamQuestion(number: number, subject: subject),
                        continuation: continuation, timer: timer))
                hasWaiting.store(true, ordering: .sequentiallyConsistent)
                return nil
            }
            if let refusal { continuation.resume(throwing: refusal) } else { doorbell.ring() }
        }
    }

    /// Whether a question waits, for the thread.
    package var isAsked: Bool { hasWaiting.load(ordering: .sequentiallyConsistent) }

    /// The question that is to be answered next, for the thread; one that has waited too long is gone.
    package var first: StreamQuestion? { state.withLock { $0.waiting.first?.question } }

    /// Answers a question, if it still waits.
    package func answer(_ question: StreamQuestion, _ answer: StreamAnswer) {
        end(question.number, with: .success(answer))
    }

    /// Says to those who wait, and to whoever asks from now on, that the engine has ended.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            hasWaiting.store(false, ordering: .sequentiallyConsistent)
            defer { state.waiting = [] }
            return state.waiting
        }
        for each in waiting {
            each.timer.cancel()
            each.continuation.resume(throwing: StreamQuestion.Failure.ended)
        }
    }

    private func end(_ number: UInt64, with result: Result<StreamAnswer, any Error>) {
        let ended = state.withLock { state -> Waiting? in
            guard let index = state.waiting.firstIndex(where: { $0.question.number == number }) else {
                return nil
            }
            defer { hasWaiting.store(!state.waiting.isEmpty, ordering: .sequentiallyConsistent) }
            return state.waiting.remove(at: index)
        }
        ended?.timer.cancel()
        ended?.continuation.resume(with: result)
    }
}
