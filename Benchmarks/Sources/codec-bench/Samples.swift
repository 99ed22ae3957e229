// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Many different byte strings one after another in memory, so that no branch of what reads them can be
/// learnt by heart.
struct Samples {
    /// How many there are.
    static let count = 1024

    private var bytes: [UInt8] = []
    private var starts: [Int] = [0]

    /// Takes `count` strings from `make`, which is given 0, 1, …; a zero byte follows each.
    init(_ make: (Int) -> String) {
        self.init(bytes: { Array(make($0).utf8) })
    }

    /// Takes `count` byte strings from `make`, likewise.
    init(bytes make: (Int) -> [UInt8]) {
        for index in 0..<Samples.count {
            bytes += make(index)
            bytes.append(0)
            starts.append(bytes.count)
        }
    }

    /// Gives the bytes of one sample to `body`, without the zero byte behind them.
    func read(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { body(.init(rebasing: $0[starts[index]..<starts[index + 1] - 1])) }
    }

    /// A value of a slow wave between 15 and 25 with four decimals, another one for each index.
    static func value(_ index: Int) -> Double { Double(150_000 + index &* 7919 % 100_000) / 10_000 }

    /// What a model may give: around 20, with all the digits of a float32.
    static func forecast(_ index: Int) -> Double { Double(15 + Float(index &* 7919 % 100_003) * 1e-4) }

    /// Seconds since 1970 with six decimals, later for each index.
    static func seconds(_ index: Int) -> String {
        let fraction = String(100_000 + index &* 104_729 % 900_000)
        return "\(1_700_000_000 + index).\(fraction)"
    }
}
