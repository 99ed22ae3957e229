// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting

extension Timestamp {
    /// The time that a text says as RFC 3339 writes it, with any offset; nil if it is none.
    package init?(rfc3339 text: String) {
        var text = text
        guard let time = text.withUTF8({ RFC3339.read(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = time
    }

    /// The time that a text says as seconds since 1970, exact to the nanosecond; nil if it is none.
    package init?(seconds text: String) {
        var text = text
        let time = text.withUTF8 { bytes -> Timestamp? in
            var scanner = ByteScanner(UnsafeRawBufferPointer(bytes))
            guard let number = try? DecimalNumber(&scanner), scanner.isAtEnd else { return nil }
            return try? TimeUnit.s.timestamp(number)
        }
        guard let time else { return nil }
        self = time
    }

    /// The time as RFC 3339 writes it, in UTC: `2026-11-23T06:59:40.250Z`.
    package var rfc3339: String {
        String(unsafeUninitializedCapacity: RFC3339.maximumLength) {
            RFC3339.write(self, to: $0.baseAddress!)
        }
    }
}

/// Times as RFC 3339 writes them, in UTC.
enum RFC3339 {
    /// Bytes that `write` needs at most: `2026-11-23T06:59:40.123456789Z`.
    static let maximumLength = 30

    /// Reads `2026-11-23T06:59:40.25+01:00`; nil if it is no such time, or outside the range of `Timestamp`.
    ///
    /// A leap second, `:60`, is the second after it.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Timestamp? {
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let century = two(bytes, 0), let yearOfCentury = two(bytes, 2), let month = two(bytes, 5),
            let day = two(bytes, 8), let hour = two(bytes, 11), let minute = two(bytes, 14),
            let second = two(bytes, 17)
        else { return nil }
        let year = century * 100 + yearOfCentury
        guard (1...12).contains(month), day >= 1, day <= daysInMonth(month, year: year), hour < 24,
            minute < 60,
            second <= 60
        else { return nil }
        var position = 19
        var nanoseconds: Int64 = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            let start = position
            var unit: Int64 = 100_000_000
            while position < bytes.count, let digit = digit(bytes[position]) {
                nanoseconds += unit * Int64(digit)  // digits beyond the ninth count nothing
                unit /= 10
                position += 1
            }
            guard position > start else { return nil }
        }
        guard let offset = offset(bytes, position) else { return nil }
        let days = Int64(daysSinceEpoch(year: year, month: month, day: day))
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset)
        // Towards zero first, because the range begins within a second.
        let isRounded = seconds < 0 && nanoseconds > 0
        let (product, overflow) = (isRounded ? seconds + 1 : seconds).multipliedReportingOverflow(
            by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(
            isRounded ? nanoseconds - 1_000_000_000 : nanoseconds)
        return overflow || carry ? nil : Timestamp(nanoseconds: sum)
    }

    /// Writes `time` with 0, 3, 6 or 9 decimals, as few as it needs; gives the number of bytes.
    static func write(_ time: Timestamp, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        let (seconds, fraction) = floorDivide(time.nanoseconds, by: 1_000_000_000)
        let (days, secondOfDay) = floorDivide(seconds, by: 86_400)
        let (year, month, day) = civil(daysSinceEpoch: Int(days))
        writeTwo(year / 100, bytes)
        writeTwo(year % 100, bytes + 2)
        writeTwo(month, bytes + 5)
        writeTwo(day, bytes + 8)
        writeTwo(Int(secondOfDay) / 3600, bytes + 11)
        writeTwo(Int(secondOfDay) / 60 % 60, bytes + 14)
        writeTwo(Int(secondOfDay) % 60, bytes + 17)
        for (index, character) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
            as [(Int, Unicode.Scalar)]
        {
            bytes[index] = UInt8(ascii: character)
        }
        var position = 19
        if fraction != 0 {
            bytes[position] = UInt8(ascii: ".")
            position += 1
            let digits = fraction % 1_000_000 == 0 ? 3 : fraction % 1000 == 0 ? 6 : 9
            var rest = digits == 3 ? fraction / 1_000_000 : digits == 6 ? fraction / 1000 : fraction
            for index in (0..<digits).reversed() {
                bytes[position + index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            position += digits
        }
        bytes[position] = UInt8(ascii: "Z")
        return position + 1
    }

    /// Seconds east of UTC: `Z`, or `+hh:mm`, at the end of `bytes`.
    private static func offset(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        guard position < bytes.count else { return nil }
        let sign = bytes[position]
        if sign | 0x20 == UInt8(ascii: "z") { return position + 1 == bytes.count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count == position + 6,
            bytes[position + 3] == UInt8(ascii: ":"), let hours = two(bytes, position + 1),
            let minutes = two(bytes, position + 4), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "+") ? seconds : -seconds
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? digit : nil
    }

    private static func two(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        guard let tens = digit(bytes[position]), let ones = digit(bytes[position + 1]) else { return nil }
        return Int(tens) * 10 + Int(ones)
    }

    private static func writeTwo(_ value: Int, _ bytes: UnsafeMutablePointer<UInt8>) {
        bytes[0] = UInt8(ascii: "0") + UInt8(value / 10)
        bytes[1] = UInt8(ascii: "0") + UInt8(value % 10)
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    private static func daysInMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // The two conversions count years from March, in eras of 400 years (146 097 days), so that the leap day
    // is the last of its year (Richards 2013, "Calendars").

    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
