// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Foundation
import RecurrentKernels
import Testing
import Training

/// The live engine over history.
struct BacktestTests {
    /// What a report says, as a reader of its JSON sees it.
    struct Report: Decodable {
        struct File: Decodable, Equatable {
            var rows: Int
            var train_rows: String
            var validation_rows: String
            var test_rows: String
        }
        struct Model: Decodable { var validation_loss: Double? }
        struct Errors: Decodable, Equatable { var mse, mae: Double? }
        struct Interval: Decodable, Equatable {
            var level: Double
            var coverage, width, winkler: Double?
        }
        struct Figures: Decodable, Equatable {
            var from, to, origins, forecasts: Int
            var mse, mae: Double?
            var persistence: Errors
            var seasonal_naive: Errors?
            var frozen: Errors
            var intervals: [Interval]
        }
        struct Column: Decodable, Equatable {
            var name: String?
            var mean, std: Double?
            var averages: [Figures]
            var horizons: [Figures]
        }
        var files: [File]
        var notes: [String]
        var model: Model
        var all: Column
        var columns: [Column]
        var values: Int
    }

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A column with a season of 12 rows on a random walk.
    static func column(seed: UInt64, count: Int) -> [Double] {
        var random = SplitMix64(seed: seed)
        var walk = 10.0 * Double(seed)
        return (0..<count).map { row in
            walk += 0.3 * random.normal()
            return walk + 2 * sin(Double(row) * .pi / 6) + 0.2 * random.normal()
        }
    }

    /// Writes the columns as a file; NaN as an empty cell.
    func write(_ name: String, _ columns: [[Double]]) throws -> String {
        let head = (["t"] + columns.indices.map { "c\($0)" }).joined(separator: ",")
        let rows = columns[0].indices.map { row in
            (["\(row)"] + columns.map { $0[row].isFinite ? "\($0[row])" : "" }).joined(separator: ",")
        }
        return try folder.write(name, ([head] + rows).joined(separator: "\n") + "\n")
    }

    /// Writes a model of random weights with so many outputs, and gives its weights too.
    func model(outputs: Int) throws -> (path: String, weights: RecurrentWeights) {
        var random = SplitMix64(seed: 7)
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(0.4 * random.normal()) } }
        let weights = RecurrentWeights(
            shape: RecurrentShape(inputSize: 1, hiddenSize: 5, layerCount: 1, outputSize: outputs),
            layers: [RecurrentWeights.Layer(input: draw(20), recurrent: draw(100), bias: draw(20))],
            readout: draw(5 * outputs), readoutBias: draw(outputs))
        let bytes = try StateDictionary(weights).safetensors(
            metadata: ["target": "difference", "half_life": "24"])
        return (try folder.write("m.safetensors", bytes), weights)
    }

    func report(_ run: BacktestRun) async throws -> Report {
        try await JSONDecoder().decode(Report.self, from: Data(run.run().jsonText().utf8))
    }

    static func training(_ train: Range<Int>? = nil, _ validate: Range<Int>? = nil, season: Int = 0)
        -> TrainingOptions
    {
        var options = TrainingOptions()
        (options.trainingRows, options.validationRows) = (train, validate)
        options.season = season > 0 ? season : nil
        (options.hiddenSize, options.window, options.batch, options.iterations) = (4, 15, 8, 20)
        return options
    }

    static func expect(_ found: Double?, _ expected: Double, _ what: String) {
        #expect(abs((found ?? .nan) - expected) <= 1e-9 * max(1, abs(expected)), "\(what)")
    }

    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    static func check(
        _ figures: Report.Figures, _ pairs: [BacktestReference.Pair], deviation: Double, levels: [Double],
        _ what: String
    ) {
        func errors(_ forecast: (BacktestReference.Pair) -> Double) -> (mse: Double, mae: Double) {
            let errors = pairs.map { (forecast($0) - $0.truth) / deviation }
            return (mean(errors.map { $0 * $0 }), mean(errors.map(abs)))
        }
        #expect(figures.forecasts == pairs.count, "\(what)")
        expect(figures.mse, errors(\.yhat).mse, what)
        expect(figures.mae, errors(\.yhat).mae, what)
        expect(figures.persistence.mse, errors(\.persistence).mse, what)
        expect(figures.persistence.mae, errors(\.persistence).mae, what)
        expect(figures.frozen.mse, errors(\.frozen).mse, what)
        expect(figures.frozen.mae, errors(\.frozen).mae, what)
        if let seasonal = figures.seasonal_naive {
            expect(seasonal.mse, errors(\.seasonal).mse, what)
            expect(seasonal.mae, errors(\.seasonal).mae, what)
        }
        #expect(figures.intervals.map(\.level) == levels, "\(what)")
        for (index, level) in levels.enumerated() {
            var (hits, widths, scores) = ([Double](), [Double](), [Double]())
            for pair in pairs {
                let lower = pair.yhat - pair.margins[2 * index]
                let upper = pair.yhat + pair.margins[2 * index + 1]
                hits.append(lower <= pair.truth && pair.truth <= upper ? 1 : 0)
                widths.append((upper - lower) / deviation)
                let outside = max(lower - pair.truth, pair.truth - upper, 0)
                scores.append((upper - lower + 2 / (1 - level) * outside) / deviation)
            }
            expect(figures.intervals[index].coverage, mean(hits), what)
            expect(figures.intervals[index].width, mean(widths), what)
            expect(figures.intervals[index].winkler, mean(scores), what)
        }
    }

    /// Errors on rows that the model was trained on look better than they will be.
    @Test func rowsThatTheModelHasSeenAreSaid() async throws {
        let columns = (1...2).map { Self.column(seed: $0, count: 300) }
        let path = try write("f.csv", columns)
        let model = "\(folder.path)/trained.safetensors"
        _ = try TrainRun(
            data: [path], output: model, plot: nil, training: Self.training(0..<100, 100..<140)
        ).run()
        func notes(_ path: String, _ weights: String, from row: Int) async throws -> [String] {
            try await report(
                BacktestRun(
                    data: [path], weights: weights, training: Self.training(0..<50, 50..<60),
                    testRows: row..<240, horizon: 12, depth: nil, levels: [])
            ).notes
        }
        func seen(_ path: String) -> [String] {
            [
                "\(path): of the rows 120:240 to test on, \(model) has seen 120:140 when it was trained: errors on those are "
                    + "no measure of it; --test-rows chooses others"
            ]
        }
        #expect(try await notes(path, model, from: 120) == seen(path))
        #expect(try await notes(path, model, from: 140).isEmpty)
        // The values tell, not the name: also with more or fewer rows behind those that were seen.
        for count in [250, 300] {
            let copy = try write("copy.csv", columns.map { Array($0[..<count]) })
            #expect(try await notes(copy, model, from: 120) == seen(copy))
        }
        let other = try write("f.csv", (3...4).map { Self.column(seed: $0, count: 300) })
        #expect(try await notes(other, model, from: 120).isEmpty)
        let foreign = try self.model(outputs: 12).path
        #expect(try await notes(path, foreign, from: 140).first?.contains("does not say which rows") == true)
    }

    @Test(arguments: [nil, Adaptation.Depth.light, .full], [0, 12])
    func figuresAreThoseOfASlowReference(depth: Adaptation.Depth?, season: Int) async throws {
        var columns = (1...3).map { Self.column(seed: $0, count: 260) }
        // Single cells are missing, and more in a row than a gap is filled for.
        for row in [1, 57, 58, 130, 131, 249] + Array(170..<186) { columns[1][row] = .nan }
        let (test, horizon, levels) = (120..<250, 30, [0.5, 0.9])
        let (path, weights) = try model(outputs: 32)
        let report = try await report(
            BacktestRun(
                data: [write("f.csv", columns)], weights: path,
                training: Self.training(0..<100, 100..<120, season: season), testRows: test,
                horizon: horizon, depth: depth, levels: levels))

        let model = ForecastPlan.Model(
            name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .difference)
        let ends = [1, 24, horizon]
        #expect(report.columns.map(\.name) == ["c0", "c1", "c2"])
        for (values, column) in zip(columns, report.columns) {
            let reference = try BacktestReference(
                values, model: model, scaling: .rolling(halfLife: 24), horizon: horizon, season: season,
                adaptation: depth.map {
                    Adaptation(depth: $0, season: season, horizon: horizon, levels: levels)
                })
            let known = values[..<100].filter(\.isFinite)
            let mean = Self.mean(known)
            let deviation = Self.mean(known.map { ($0 - mean) * ($0 - mean) }).squareRoot()
            Self.expect(column.mean, mean, "mean")
            Self.expect(column.std, deviation, "deviation")
            func check(_ figures: Report.Figures, _ horizons: ClosedRange<Int>, end: Int) {
                let what = "\(column.name ?? "") \(horizons) of \(end)"
                #expect(figures.from == horizons.lowerBound && figures.to == horizons.upperBound)
                #expect(figures.origins == test.count - end + 1, "\(what)")
                #expect((figures.seasonal_naive != nil) == (season > 0))
                Self.check(
                    figures, reference.pairs(horizons, end: end, rows: test), deviation: deviation,
                    levels: depth == nil ? [] : levels, what)
            }
            #expect(column.averages.count == ends.count && column.horizons.count == horizon)
            for (figures, end) in zip(column.averages, ends) { check(figures, 1...end, end: end) }
            for (index, figures) in column.horizons.enumerated() {
                check(figures, index + 1...index + 1, end: horizon)
            }
        }
        checkMeans(of: report)
    }

    /// Figures of all columns are the means of those of each.
    func checkMeans(of report: Report) {
        for part in [\Report.Column.averages, \.horizons] {
            for (index, figures) in report.all[keyPath: part].enumerated() {
                let columns = report.columns.map { $0[keyPath: part][index] }
                func check(_ figure: (Report.Figures) -> Double?) {
                    Self.expect(figure(figures), Self.mean(columns.compactMap(figure)), "all")
                }
                check(\.mse)
                check(\.mae)
                check(\.persistence.mse)
                check(\.frozen.mae)
                if figures.seasonal_naive != nil { check(\.seasonal_naive?.mse) }
                for level in figures.intervals.indices {
                    check { $0.intervals[level].coverage }
                    check { $0.intervals[level].winkler }
                }
                #expect(figures.forecasts == columns.reduce(0) { $0 + $1.forecasts })
            }
        }
    }

    @Test(arguments: [Adaptation.Depth.light, .full], [false, true])
    func forecastsKnowNoRowAfterTheirs(depth: Adaptation.Depth, areRelated: Bool) throws {
        let (_, weights) = try model(outputs: 6)
        let replay = ColumnReplay(
            ForecastPlan.Model(
                name: "m", revision: "r", packed: PackedModel(weights), mode: .stateful, target: .difference),
            scaling: .rolling(halfLife: 24), horizon: 6, columnCount: 2,
            adaptation: Adaptation(depth: depth, season: 12, horizon: 6, levels: [0.9]),
            areRelated: areRelated)
        // The other column ends with another order of rows, too: it is the first one's past where they are related.
        func forecasts(_ values: [Double]) -> [[UInt64]] {
            var said: [[UInt64]] = []
            replay.run([values, values.map { 3 - $0 }]) { column, origin in
                guard column == 0 else { return }
                #expect(origin.row == said.count)
                said.append((origin.yhat + origin.frozen + origin.margins).map(\.bitPattern))
            }
            return said
        }
        let values = Self.column(seed: 4, count: 200)
        var random = SplitMix64(seed: 5)
        let whole = forecasts(values)
        #expect(whole.count == 199)  // the last row's tick is still open
        for known in [1, 2, 60, 150, 198] {
            let other = forecasts(values[..<known] + values[known...].shuffled(using: &random))
            #expect(other[..<known] == whole[..<known], "rows 0..<\(known)")
        }
        let other = forecasts(values[..<150] + values[150...].reversed())
        #expect(zip(other[150...], whole[150...]).allSatisfy { $0 != $1 })
    }

    @Test func trainingKnowsNoRowThatIsTestedOn() async throws {
        let columns = [Self.column(seed: 1, count: 300), Self.column(seed: 2, count: 300)]
        func report(_ changed: Int) async throws -> Report {
            let data = try write("\(changed).csv", columns.map { $0[..<changed] + $0[changed...].reversed() })
            return try await self.report(
                BacktestRun(
                    data: [data], training: Self.training(0..<120, season: 12),
                    testRows: 180..<240, horizon: 5, depth: .light, levels: [0.9]))
        }
        let (whole, afterTest, afterTraining) = try await (report(300), report(240), report(180))
        #expect(afterTest.columns == whole.columns)
        #expect(afterTraining.model.validation_loss == whole.model.validation_loss)
        #expect(afterTraining.columns.map(\.mean) == whole.columns.map(\.mean))
        #expect(afterTraining.columns.map(\.std) == whole.columns.map(\.std))
        #expect(afterTraining.columns != whole.columns)
    }

    static let splits: [(train: Range<Int>?, validate: Range<Int>?, test: Range<Int>?, parts: [String])] = [
        (nil, nil, nil, ["0:80", "80:100", "100:400"]),
        (nil, nil, 200..<300, ["0:160", "160:200", "200:300"]),
        (0..<200, nil, nil, ["0:200", "200:250", "250:400"]),
        (0..<200, nil, 300..<400, ["0:200", "200:300", "300:400"]),
        (nil, 100..<150, nil, ["0:100", "100:150", "150:400"]),
        (100..<150, 40..<90, nil, ["100:150", "40:90", "150:400"]),
        (20..<200, 220..<300, 310..<390, ["20:200", "220:300", "310:390"]),
    ]

    @Test(arguments: splits)
    func rowsAreDivided(train: Range<Int>?, validate: Range<Int>?, test: Range<Int>?, parts: [String])
        async throws
    {
        let report = try await report(
            BacktestRun(
                data: [write("f.csv", [Self.column(seed: 1, count: 400)])],
                training: Self.training(train, validate), testRows: test, horizon: 3, depth: nil,
                levels: [0.9]))
        let file = report.files[0]
        #expect([file.train_rows, file.validation_rows, file.test_rows] == parts)
        #expect(file.rows == 400 && report.all.averages.map(\.to) == [1, 3])
        let isLate = test.map { $0.upperBound < 400 } ?? false
        #expect(report.values == (isLate ? test?.upperBound : 400))
    }

    @Test func columnsWithoutADeviationAreLeftOut() async throws {
        let (wave, flat) = (Self.column(seed: 1, count: 200), [Double](repeating: 5, count: 200))
        var late = wave
        for row in 0..<60 { late[row] = .nan }
        let (weights, _) = try model(outputs: 3)
        func run(_ columns: [[Double]]) throws -> BacktestRun {
            try BacktestRun(
                data: [write("f.csv", columns)], weights: weights, training: Self.training(0..<50),
                depth: .light, levels: [0.9])
        }
        let report = try await report(run([flat, wave, late]))
        #expect(report.columns.map(\.name) == ["c1"])
        #expect(
            report.notes.dropLast()  // the model does not say what it was trained on
                == ["c0", "c2"].map {
                    "\(folder.path)/f.csv: column \"\($0)\" is left out: its values in the rows 0:50 have no "
                        + "deviation to count errors in"
                })
        let problem =
            "\(folder.path)/f.csv: expected a column whose values differ in the rows to train on, found none"
        await #expect(throws: DaemonError(.data, problem)) { try await run([flat, late]).run() }
    }

    @Test func filesCountTogetherColumnByColumn() async throws {
        let (long, short) = (Self.column(seed: 1, count: 400), Self.column(seed: 2, count: 200))
        let (weights, _) = try model(outputs: 3)
        func report(_ data: [String]) async throws -> Report {
            try await self.report(
                BacktestRun(
                    data: data, weights: weights, training: Self.training(), depth: .light, levels: [0.9]))
        }
        let data = [try write("a.csv", [long]), try write("b.csv", [short])]
        let both = try await report(data)
        #expect(both.columns.map(\.name) == ["a.c0", "b.c0"])
        for (path, column) in zip(data, both.columns) {
            let alone = try await report([path]).columns[0]
            #expect(alone.averages == column.averages && alone.horizons == column.horizons)
        }
        #expect(both.files.map(\.test_rows) == ["100:400", "50:200"])
        checkMeans(of: both)
    }
}
