// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Training

/// What the rows of one file are for, one part after the other.
struct BacktestRows: Sendable, Equatable {
    /// A model is trained on these, and they give each column's mean and deviation.
    var training: Range<Int>
    /// Training ends where the loss on these is lowest.
    var validation: Range<Int>
    /// Forecasts of these are scored.
    var test: Range<Int>

    /// Divides the rows of a file as asked for, and else into 20 %, 5 % and the rest.
    init(
        _ file: HistoryFile, training options: TrainingOptions, test: Range<Int>?, horizon: Int
    ) throws(DaemonError) {
        try file.check(options.trainingRows, of: "--train-rows")
        try file.check(options.validationRows, of: "--validation-rows")
        try file.check(test, of: "--test-rows")
        let known = Self.knownCount(file.rowCount, options, test: test)
        (training, validation) = (options.trainingRows(of: known), options.validationRows(of: known))
        self.test = test ?? known..<file.rowCount
        guard !training.isEmpty, max(training.upperBound, validation.upperBound) <= self.test.lowerBound
        else {
            throw DaemonError(
                .data,
                "\(file.path): expected rows to test on after those to train and validate on, found "
                    + "\(training.text) to train, \(validation.text) to validate, \(self.test.text) to test on"
            )
        }
        guard self.test.count >= horizon else {
            throw DaemonError(
                .data,
                "\(file.path): expected \(horizon) rows or more to test on, as many as the horizon, found "
                    + "\(self.test.count) (\(self.test.text) of \(file.rowCount))")
        }
    }

    /// Rows up to the last that training may know.
    var knownCount: Int { max(training.upperBound, validation.upperBound) }

    private static func knownCount(_ count: Int, _ options: TrainingOptions, test: Range<Int>?) -> Int {
        if let validation = options.validationRows {
            return max(validation.upperBound, options.trainingRows?.upperBound ?? 0)
        }
        if let test { return test.lowerBound }
        guard let training = options.trainingRows else { return count / 4 }
        return min(count, training.upperBound + training.count / 4)
    }

    /// The rows that forecasts up to `horizon` ticks ahead are made at, so that all they forecast is tested: the last
    /// before the rows to test on is the first.
    func origins(horizon: Int) -> Range<Int> {
        test.lowerBound - 1..<test.upperBound - horizon
    }
}

extension Range<Int> {
    /// The range as the command line has it.
    var text: String { "\(lowerBound):\(upperBound)" }
}
