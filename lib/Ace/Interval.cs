using System.Numerics;

namespace PvPatch.Ace;

/// <summary>A range of unsigned values, both ends in it; arithmetic that may wrap on part of it yields everything.</summary>
/// <param name="Lo">The least.</param>
/// <param name="Hi">The greatest.</param>
public readonly record struct Interval(ulong Lo, ulong Hi)
{
    /// <summary>Whether it is one value.</summary>
    public bool IsConstant => Lo == Hi;

    /// <summary>The greatest value of some bytes.</summary>
    public static ulong Mask(int size) => size >= 8 ? ulong.MaxValue : (1ul << (size * 8)) - 1;

    /// <summary>Every value of some bytes.</summary>
    public static Interval Full(int size) => new(0, Mask(size));

    /// <summary>One value.</summary>
    public static Interval Of(ulong value) => new(value, value);

    /// <summary>The least interval that holds both.</summary>
    public Interval Join(Interval other) => new(Math.Min(Lo, other.Lo), Math.Max(Hi, other.Hi));

    /// <summary>What both hold; null where nothing.</summary>
    public Interval? Meet(Interval other) =>
        Math.Max(Lo, other.Lo) is var lo && Math.Min(Hi, other.Hi) is var hi && lo <= hi ? new Interval(lo, hi) : null;

    /// <summary>Whether all of another one is in it.</summary>
    public bool Covers(Interval other) => Lo <= other.Lo && other.Hi <= Hi;

    /// <summary>Sum, modulo the size.</summary>
    public Interval Add(Interval other, int size)
    {
        UInt128 modulus = (UInt128)Mask(size) + 1, lo = (UInt128)Lo + other.Lo, hi = (UInt128)Hi + other.Hi;
        return lo / modulus == hi / modulus ? new Interval((ulong)(lo % modulus), (ulong)(hi % modulus)) : Full(size);
    }

    /// <summary>Difference, modulo the size.</summary>
    public Interval Subtract(Interval other, int size)
    {
        UInt128 modulus = (UInt128)Mask(size) + 1, lo = modulus + Lo - other.Hi, hi = modulus + Hi - other.Lo;
        return lo / modulus == hi / modulus ? new Interval((ulong)(lo % modulus), (ulong)(hi % modulus)) : Full(size);
    }

    /// <summary>Product, where it does not wrap.</summary>
    public Interval Multiply(Interval other, int size) =>
        (UInt128)Hi * other.Hi <= Mask(size) ? new Interval(Lo * other.Lo, Hi * other.Hi) : Full(size);

    /// <summary>Shift left, where no bit is lost.</summary>
    public Interval ShiftLeft(int count, int size) =>
        count < size * 8 && Hi <= Mask(size) >> count ? new Interval(Lo << count, Hi << count) : Full(size);

    /// <summary>Logical shift right.</summary>
    public Interval ShiftRight(int count) => count < 64 ? new Interval(Lo >> count, Hi >> count) : Of(0);

    /// <summary>Bitwise and.</summary>
    public Interval And(Interval other) =>
        IsConstant && other.IsConstant ? Of(Lo & other.Lo) : new Interval(0, Math.Min(Hi, other.Hi));

    /// <summary>Bitwise or.</summary>
    public Interval Or(Interval other) =>
        IsConstant && other.IsConstant ? Of(Lo | other.Lo) : new Interval(Math.Max(Lo, other.Lo), Ones(Hi | other.Hi));

    /// <summary>Bitwise exclusive or.</summary>
    public Interval Xor(Interval other) =>
        IsConstant && other.IsConstant ? Of(Lo ^ other.Lo) : new Interval(0, Ones(Hi | other.Hi));

    private static ulong Ones(ulong value) => value == 0 ? 0 : ulong.MaxValue >> BitOperations.LeadingZeroCount(value);
}
