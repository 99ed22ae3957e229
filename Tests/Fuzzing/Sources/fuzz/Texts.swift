// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation

@testable import ForecastDaemon
@testable import Monitoring
@testable import WireFormat

/// What people, browsers and commands write.
enum Texts {
    /// A pattern and an id, with a line break between: it matches as the slow rule says, and its wildcards stand for what
    /// makes the id of the pattern again.
    static func glob(_ input: UnsafeRawBufferPointer) {
        let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let glob = try? Glob(Array(parts[0]).text) else { return }
        let (pattern, text) = (Array(parts[0]), Array(parts[1]))
        let matches = glob.matches(text.span.bytes)
        expect(matches == isMatch(pattern, text), "\(glob.pattern) and \(text.text): \(matches)")
        guard let captures = glob.captures(in: text.span.bytes) else {
            return expect(!matches, "no captures")
        }
        var rest = captures[...]
        let again = pattern.flatMap { "*?".utf8.contains($0) ? Array(text[rest.removeFirst()]) : [$0] }
        expect(matches && again == text, "\(glob.pattern) and \(text.text): \(captures)")
    }

    /// Whether `text` matches, by looking at every beginning of the pattern and of the text.
    private static func isMatch(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var row = [true] + [Bool](repeating: false, count: text.count)
        for byte in pattern {
            var next = [byte == UInt8(ascii: "*") && row[0]]
            for (index, letter) in text.enumerated() {
                switch byte {
                case UInt8(ascii: "*"): next.append(row[index + 1] || next[index])
                case UInt8(ascii: "?"): next.append(row[index])
                default: next.append(row[index] && byte == letter)
                }
            }
            row = next
        }
        return row[text.count]
    }

    /// The target of a request and its Host, with a line break between.
    ///
    /// A target that is taken says the same when it is written anew, all characters encoded. A Host that is taken for this
    /// machine has one of its names.
    static func http(_ input: UnsafeRawBufferPointer) {
        let lines = input.text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        if lines.count == 2, LoopbackName.matches(lines[1]) {
            let names = #/(?i:localhost|\[::1\]|127\.0*\d{1,3}\.0*\d{1,3}\.0*\d{1,3})(?::\d*)?/#
                .asciiOnlyDigits()
            expect(lines[1].wholeMatch(of: names) != nil, "this machine is named \(lines[1])")
        }
        guard let request = try? MonitoringRequest(target: lines[0]) else { return }
        func encoded(_ text: String) -> String {
            text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let target =
            request.path.map { "/" + encoded($0) }.joined() + "?"
            + request.parameters.map { encoded($0) + "=" + encoded($1) }.joined(separator: "&")
        let again = try? MonitoringRequest(target: target)
        expect(again?.path == request.path, "\(lines[0]) and \(target)")
        expect(again?.parameters == request.parameters, "\(lines[0]) and \(target)")
        _ = try? request.allow(["limit", "after", "match"])
        let limit = try? request.number("limit", in: 1...1000, orElse: 100)
        expect(limit.map { (1...1000).contains($0) } ?? true, "limit \(String(describing: limit))")
        _ = PageFile.named(request.path)
        if let match = request.parameters["match"] { _ = try? Glob(match) }
    }

    /// A request over the control socket is written as it is read.
    static func control(_ input: UnsafeRawBufferPointer) {
        guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(input)) else { return }
        guard let line = try? request.jsonText() else { return expect(false, "\(request) cannot be written") }
        let again = try? JSONDecoder().decode(ControlRequest.self, from: Data(line.utf8)).jsonText()
        expect(again == line, "\(line) becomes \(again ?? "nothing")")
    }

    /// A configuration is taken, or refused with problems that have a place in the file and one line each.
    static func configuration(_ input: UnsafeRawBufferPointer) {
        let text = input.text
        do throws(ConfigurationError) {
            _ = try DaemonConfiguration.parse(text, file: "f.yaml")
        } catch {
            guard case .invalid(let problems) = error else { return expect(false, "\(error)") }
            expect(!problems.isEmpty, "refused without a problem")
            // YAML has more line breaks than the newline.
            let lines =
                text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            for problem in problems {
                expect(1...lines + 1 ~= problem.line && problem.column >= 1, "\(problem)")
                expect(!problem.message.isEmpty && !problem.description.contains("\n"), "\(problem)")
            }
        }
    }

    /// A line of a CSV file, cell by cell: a number is the C library's.
    static func csv(_ input: UnsafeRawBufferPointer) {
        for cell in CSVRow.cells(input.text) {
            _ = CSVRow.isMissing(cell)
            if let number = CSVRow.number(cell) {
                expect(number.bitPattern == strtod(cell, nil).bitPattern, "\(cell) is \(number)")
            }
            if let time = CSVRow.time(cell) { expect(CSVRow.time(time.rfc3339) == time, "\(cell)") }
            let quoted = CSVRow.quoted(cell)
            expect(
                quoted.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "\(quoted)")
        }
    }
}
