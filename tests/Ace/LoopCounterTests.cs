using Iced.Intel;
using PvPatch.Ace;

namespace PvPatch.Tests.Ace;

/// <summary>Loop bounds against loops that are run: never fewer rounds than happen, and exact for the plain ones.</summary>
public sealed class LoopCounterTests
{
    private const int Size = 4;
    private const long Endless = 5000;

    [Fact]
    public void BoundIsNeverTooSmall()
    {
        var random = new Random(1);
        ConditionCode[] conditions =
        [
            ConditionCode.e, ConditionCode.ne, ConditionCode.a, ConditionCode.ae, ConditionCode.b, ConditionCode.be,
            ConditionCode.g, ConditionCode.ge, ConditionCode.l, ConditionCode.le, ConditionCode.s, ConditionCode.ns,
        ];
        int proved = 0;
        for (int i = 0; i < 200_000; i++)
        {
            long step = random.Next(-4, 5);
            if (step == 0) continue;
            bool own = step < 0 && random.Next(3) == 0, first = own || random.Next(2) == 0;
            Interval init = Range(random), limit = own ? Interval.Of(0) : Range(random);
            ConditionCode stays = conditions[random.Next(conditions.Length)];
            if (new LoopCounter(1, Size, step, init, limit, own, first).Rounds(stays) is not { } bound) continue;
            proved++;
            foreach (ulong from in (ReadOnlySpan<ulong>)[init.Lo, init.Hi])
                foreach (ulong to in (ReadOnlySpan<ulong>)[limit.Lo, limit.Hi])
                    Assert.True(Run((uint)from, (uint)to, (int)step, own, first, stays) <= bound, $"{init} {limit} {step} {own} {first} {stays}: {bound}");
        }

        Assert.True(proved > 20_000, $"only {proved} were proved");
    }

    [Theory]
    [InlineData("mov $9, %edi\n 1: dec %edi\n jnz 1b", 1 + (9 * 2) + 1)]
    [InlineData("xor %ecx, %ecx\n 1: inc %ecx\n cmp $9, %ecx\n jb 1b", 1 + (9 * 3) + 1)]
    [InlineData("xor %ecx, %ecx\n 1: cmp $9, %ecx\n jae 2f\n inc %ecx\n jmp 1b\n 2:", 1 + (9 * 4) + 2 + 1)]
    [InlineData("mov $3, %esi\n 2: mov $4, %edi\n 1: dec %edi\n jnz 1b\n dec %esi\n jnz 2b", 1 + (3 * (1 + (4 * 2) + 2)) + 1)]
    [InlineData("mov $9, %ecx\n 1: loop 1b", 1 + 9 + 1)]
    [InlineData("acquire lock_a\n release lock_a", 2 + 1 + 1)]
    [InlineData("test %rdi, %rdi\n jz 1f\n nop\n nop\n 1:", 2 + 2 + 1)]
    public void WorstCaseIsCounted(string body, long expected) =>
        Assert.Equal(expected, AceBuilder.Verify(AceBuilder.Entry(body)).Entries[0].WorstCase);

    private static Interval Range(Random random)
    {
        ulong lo = random.Next(8) == 0 ? uint.MaxValue - (ulong)random.Next(20) : (ulong)random.Next(40);
        return new Interval(lo, Math.Min(uint.MaxValue, lo + (ulong)(random.Next(2) * random.Next(6))));
    }

    private static long Run(uint value, uint limit, int step, bool own, bool first, ConditionCode stays)
    {
        for (long rounds = 1; rounds < Endless; rounds++)
        {
            uint old = value;
            if (first) value += (uint)step;
            (uint left, uint right) = own ? (old, (uint)-step) : (value, limit);
            uint difference = left - right;
            bool signed = (int)left < (int)right;
            bool go = stays switch
            {
                ConditionCode.e => difference == 0,
                ConditionCode.ne => difference != 0,
                ConditionCode.a => left > right,
                ConditionCode.ae => left >= right,
                ConditionCode.b => left < right,
                ConditionCode.be => left <= right,
                ConditionCode.g => !signed && difference != 0,
                ConditionCode.ge => !signed,
                ConditionCode.l => signed,
                ConditionCode.le => signed || difference == 0,
                ConditionCode.s => (int)difference < 0,
                _ => (int)difference >= 0,
            };
            if (!go) return rounds;
            if (!first) value += (uint)step;
        }

        return Endless;
    }
}
