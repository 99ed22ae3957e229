// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import StateStore

extension StreamShelf {
    /// A shelf in a file.
    ///
    /// - Parameters:
    ///   - path: The file's directory, for people.
    ///   - report: Tells of the first entry that is destroyed; all are counted by the engine.
    package init<D: Disk>(
        _ file: SpillFile<D>, path: String, report: @escaping @Sendable (StateEvent) -> Void
    ) {
        precondition(SpillFile<D>.headerSize == Self.headerLength, "an entry has room for its header")
        var isTold = false
        func tell(_ problem: String) -> Bool {
            if !isTold { report(.destroyed("\(path)/\(SpillFile<D>.name): \(problem)")) }
            isTold = true
            return false
        }
        self.init(
            put: { entry, number, place in
                do throws(DiskError) { try file.put(entry, number: number, at: place) } catch {
                    // Where the disk fails, the next snapshot finds out and ends the process.
                    return false
                }
                return true
            },
            take: { entry, number, place in
                do throws(DiskError) {
                    return try file.take(into: entry, number: number, at: place)
                        || tell("the state of a stream, at byte \(place), is destroyed")
                } catch { return tell("\(error)") }
            })
    }
}
