// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the C library takes for the two numbers of a message and for one number of a forecast.
func measureLibrary(milliseconds: Double) {
    let times = Samples { Samples.seconds($0) }
    let values = Samples { "\(Samples.value($0))" }
    measure("strtod-twice", milliseconds: milliseconds) { index in
        times.read(index) { _ = strtod($0.baseAddress!.assumingMemoryBound(to: CChar.self), nil) }
        values.read(index) { _ = strtod($0.baseAddress!.assumingMemoryBound(to: CChar.self), nil) }
    }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
        measure("gcvt", milliseconds: milliseconds) { index in
            _ = gcvt(Samples.forecast(index), 17, buffer.baseAddress!)
        }
    }
}
