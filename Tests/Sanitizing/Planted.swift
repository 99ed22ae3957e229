// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// What a sanitizer must report, and what it must not: a run proves nothing if these come out otherwise.
@main
enum Planted {
    static func main() async {
        let planted: [String: () async -> Void] = [
            "typed": typed, "raw": raw, "load": load, "count": count, "ring": ring, "mutex": mutex,
            "unique": unique, "continuation": continuation,
        ]
        await planted[CommandLine.arguments[1]]!()
    }

    // MARK: - For AddressSanitizer: what lies behind the end is read

    static func typed() {
        let numbers = UnsafeMutablePointer<Int>.allocate(capacity: 4)
        numbers.initialize(repeating: 1, count: 4)
        blackHole(numbers[opaque(4)])
    }

    static func raw() {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
        blackHole(Int(UnsafeRawBufferPointer(start: bytes.baseAddress, count: 64)[opaque(32)]))
    }

    static func load() {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
        blackHole(UnsafeRawPointer(bytes.baseAddress!).load(fromByteOffset: opaque(32), as: Int.self))
    }

    // MARK: - For ThreadSanitizer: threads meet, and nothing orders them

    /// Both count in one place; between them is nothing but references to it, which order nothing.
    static func count() {
        let counter = Counter()
        onThreads(2) { _ in
            let mine = counter
            for _ in 0..<1000 { mine.count += 1 }
        }
    }

    /// One stores bytes and says so, and the other loads them, but the word is a relaxed one.
    static func ring() {
        let ring = Ring()
        onThreads(2) { thread in
            if thread == 0 {
                ring.bytes.storeBytes(of: 7, as: Int.self)
                ring.said.store(true, ordering: .relaxed)
            } else {
                while !ring.said.load(ordering: .relaxed) { sched_yield() }
                blackHole(ring.bytes.load(as: Int.self))
            }
        }
    }

    // MARK: - For nobody: what Swift's libraries order, as `ordering.c` tells

    static func mutex() {
        let numbers = Mutex<[Int]>([])
        onThreads(4) { _ in
            for number in 0..<20_000 {
                blackHole(numbers.withLock { $0 }.count)
                numbers.withLock { if $0.count > 16 { $0.removeAll() } else { $0.append(number) } }
            }
        }
    }

    /// One reads an array and drops it; the other finds itself its only owner, and changes it in place.
    static func unique() {
        let list = Mutex<[Int]>((0..<100).map { $0 })
        for _ in 0..<20 {
            let ready = Atomic<Int>(0)
            onThreads(2) { thread in
                if thread == 0 {
                    let copy = list.withLock { $0 }
                    ready.store(1, ordering: .relaxed)
                    blackHole(copy.reduce(0, +))
                } else {
                    while ready.load(ordering: .relaxed) == 0 { sched_yield() }
                    usleep(1000)
                    list.withLock { $0[3] += 1 }
                }
            }
        }
    }

    /// A task reads what a thread has made, and has resumed it with before it began to wait.
    static func continuation() async {
        for _ in 0..<40 {
            let answer = await withCheckedContinuation { asked in
                pthread_detach(thread { asked.resume(returning: (0..<opaque(10)).map { $0 }) })
                usleep(1000)
            }
            let result = try? await withCheckedThrowingContinuation { asked in
                pthread_detach(thread { asked.resume(with: Result { answer.map { $0 + 1 } }) })
                usleep(1000)
            }
            blackHole(result?.reduce(0, +) ?? 0)
        }
    }

    // MARK: - What these use

    final class Counter: @unchecked Sendable { var count = 0 }

    final class Ring: @unchecked Sendable {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        let said = Atomic<Bool>(false)
    }

    /// A number that the compiler does not know.
    @inline(never)
    @_optimize(none)
    static func opaque(_ number: Int) -> Int { number }

    @inline(never)
    static func blackHole(_ value: Int) { if value == .min { print(value) } }

    /// Runs the body on as many threads at once, to its end on all.
    static func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
        let threads = (0..<count).map { index in thread { body(index) } }
        for thread in threads { pthread_join(thread, nil) }
    }

    static func thread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(run: body)).toOpaque())
        precondition(error == 0, "no thread can be made: error \(error)")
        return thread
    }

    final class Body {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
