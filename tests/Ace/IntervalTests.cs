using FsCheck;
using FsCheck.Fluent;
using PvPatch.Ace;
using Interval = PvPatch.Ace.Interval;

namespace PvPatch.Tests.Ace;

/// <summary>Interval arithmetic holds every value that the operation can have.</summary>
public sealed class IntervalTests
{
    [Fact]
    public void ArithmeticIsSound() => Prop.ForAll<ulong, ulong, ulong>(Check).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));

    [Fact]
    public void WrappingOnPartOfARangeYieldsEverything()
    {
        Assert.Equal(Interval.Full(4), new Interval(0xfffffff0, 0xffffffff).Add(Interval.Of(8), 4));
        Assert.Equal(new Interval(0, 7), new Interval(0xfffffff8, 0xffffffff).Add(Interval.Of(8), 4));
        Assert.Equal(Interval.Full(8), new Interval(0, 5).Subtract(Interval.Of(1), 8));
        Assert.Equal(Interval.Full(4), new Interval(0, 0x10000000).ShiftLeft(6, 4));
    }

    private static void Check(ulong seedA, ulong seedB, ulong seedShape)
    {
        ulong shape = seedShape * 0xd1342543de82ef95;
        foreach (int size in (ReadOnlySpan<int>)[4, 8])
        {
            ulong mask = Interval.Mask(size);
            (Interval a, ulong x) = Pick(seedA, shape, mask);
            (Interval b, ulong y) = Pick(seedB, shape >> 20, mask);
            int count = (int)(shape >> 50) % (size * 8);
            Holds(a.Add(b, size), (x + y) & mask);
            Holds(a.Subtract(b, size), (x - y) & mask);
            Holds(a.Multiply(b, size), (x * y) & mask);
            Holds(a.ShiftLeft(count, size), (x << count) & mask);
            Holds(a.ShiftRight(count), x >> count);
            Holds(a.And(b), x & y);
            Holds(a.Or(b), x | y);
            Holds(a.Xor(b), x ^ y);
            Holds(a.Join(b), x);
        }
    }

    // Ranges near the ends and far from them, and a value in each.
    private static (Interval Range, ulong Value) Pick(ulong seed, ulong shape, ulong mask)
    {
        ulong lo = (seed * 0x9e3779b97f4a7c15 >> (int)(shape % 64)) & mask, width = (shape >> 6) % 3 * ((shape >> 8) % 1000);
        if ((shape >> 18) % 2 == 1) lo = mask - (lo & 0xfff);
        ulong hi = mask - lo < width ? mask : lo + width;
        return (new Interval(lo, hi), lo + (seed % (hi - lo + 1 == 0 ? 1 : hi - lo + 1)));
    }

    private static void Holds(Interval range, ulong value) => Assert.True(value >= range.Lo && value <= range.Hi, $"{value:x} is not in {range}");
}
