using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>The findings of <c>verify-ace</c>: one table for code, help and reports.</summary>
public static class AceRules
{
    /// <summary>Layout: there is nothing to verify.</summary>
    public static FindingRule NoArea { get; } = Error(
        "PV2001", "no area",
        "Without an area, or without an entry in it, nothing is atomic.");

    /// <summary>Layout: a page is shared with something else.</summary>
    public static FindingRule NotWholePages { get; } = Error(
        "PV2002", "area is not page-aligned whole pages",
        "Mapping it maps what else lies in its pages.");

    /// <summary>Layout: permissions.</summary>
    public static FindingRule Permissions { get; } = Error(
        "PV2003", "area writable or not executable",
        "Who can write the area runs code with the kernel's rights.");

    /// <summary>Layout: two things in one place.</summary>
    public static FindingRule Overlaps { get; } = Error(
        "PV2004", "area overlaps something",
        "One address cannot be two things.");

    /// <summary>Layout: a slot is no <c>jmp rel32</c> and fill.</summary>
    public static FindingRule SlotForm { get; } = Error(
        "PV2005", "jump-table slot not uniform",
        "Callers compute a slot's address by its number.");

    /// <summary>Layout: a slot's target.</summary>
    public static FindingRule SlotTarget { get; } = Error(
        "PV2006", "jump-table slot lands on no entry",
        "The routine would begin in its middle.");

    /// <summary>Layout: reachable bytes that are no instruction, or two at once.</summary>
    public static FindingRule Undecodable { get; } = Error(
        "PV2007", "reachable byte does not decode",
        "Nothing can be proved of it, and the processor may fault with the lock held.");

    /// <summary>Layout: unreachable bytes that are no fill.</summary>
    public static FindingRule DeadBytes { get; } = Error(
        "PV2008", "dead bytes are not fill",
        "An interrupt resumes whatever it finds in the area, proved or not.");

    /// <summary>r11: another way out.</summary>
    public static FindingRule WrongExit { get; } = Error(
        "PV2010", "leaves the area other than by jmp *%r11",
        "The interrupt that resumed it would never get the processor back.");

    /// <summary>r11: no way out.</summary>
    public static FindingRule FallsOff { get; } = Error(
        "PV2011", "falls off the end",
        "What follows is not this routine's code.");

    /// <summary>r11: a write.</summary>
    public static FindingRule WritesR11 { get; } = Error(
        "PV2012", "writes r11",
        "The swap can come at any boundary; a copy would be of the wrong address.");

    /// <summary>Resume: the stack.</summary>
    public static FindingRule UsesStack { get; } = Error(
        "PV2020", "uses the stack",
        "When it is resumed, rsp is the kernel's.");

    /// <summary>Resume: instructions that need or enter the kernel.</summary>
    public static FindingRule Privileged { get; } = Error(
        "PV2021", "privileged, blocking, kernel-entering or serialising instruction",
        "It faults in one mode, or does something else in the other.");

    /// <summary>Resume: instructions that may trap.</summary>
    public static FindingRule Traps { get; } = Error(
        "PV2022", "may trap",
        "A fault in an interrupt's entry, with the lock held, is the end of the machine.");

    /// <summary>Resume: rep without bound.</summary>
    public static FindingRule UnboundedString { get; } = Error(
        "PV2023", "repeats a string without bound",
        "The interrupt waits as long as the caller likes.");

    /// <summary>Resume: DF.</summary>
    public static FindingRule DirectionFlag { get; } = Error(
        "PV2024", "changes the direction flag",
        "The code that was interrupted relies on it.");

    /// <summary>Resume: rbx, rbp, r12–r15.</summary>
    public static FindingRule CalleeSaved { get; } = Error(
        "PV2025", "does not keep a callee-saved register",
        "The caller relies on it across the call (psABI).");

    /// <summary>Resume: flags.</summary>
    public static FindingRule LiveFlags { get; } = Error(
        "PV2026", "flags live across a boundary where the handler changes them",
        "Interrupted there, the routine takes the wrong branch.");

    /// <summary>Locks: kept.</summary>
    public static FindingRule LockKept { get; } = Error(
        "PV2030", "lock not released on a path",
        "The next one to want it spins for ever.");

    /// <summary>Locks: given back twice.</summary>
    public static FindingRule LockNotHeld { get; } = Error(
        "PV2031", "lock released without being held",
        "It frees the lock of another processor.");

    /// <summary>Locks: self-deadlock.</summary>
    public static FindingRule LockTwice { get; } = Error(
        "PV2032", "lock taken twice",
        "It waits for itself.");

    /// <summary>Locks: order.</summary>
    public static FindingRule LockOrder { get; } = Error(
        "PV2033", "locks out of order",
        "Two processors that take them in different orders wait for each other.");

    /// <summary>Locks: waits for something else.</summary>
    public static FindingRule SpinsElsewhere { get; } = Error(
        "PV2034", "spins on something that is no lock",
        "Nobody promises that the wait ends, nor that one alone gets through.");

    /// <summary>Locks: loops.</summary>
    public static FindingRule UnboundedLoop { get; } = Error(
        "PV2035", "loop without a provable bound",
        "The interrupt waits until it ends, if it ends.");

    /// <summary>Locks: data that two processors may touch at once.</summary>
    public static FindingRule Unprotected { get; } = Error(
        "PV2036", "shared data without a common lock",
        "Interrupts wait for the routine, but another processor does not.");

    /// <summary>Locks: two critical sections in one routine.</summary>
    public static FindingRule TwoSections { get; } = Error(
        "PV2037", "takes a lock after it released one",
        "Between the two, another processor sees half of what the routine does.");

    /// <summary>Privilege: memory.</summary>
    public static FindingRule OutsideData { get; } = Error(
        "PV2040", "memory operand not provably inside the ACE data",
        "Resumed with the kernel's rights, it reads or writes what the caller chose.");

    /// <summary>Callers: target.</summary>
    public static FindingRule EntersElsewhere { get; } = Error(
        "PV2050", "enters the area elsewhere than at an entry or slot",
        "It skips the checks, or the lock.");

    /// <summary>Callers: return address.</summary>
    public static FindingRule WrongReturn { get; } = Error(
        "PV2051", "r11 does not hold the address it wants back",
        "The routine returns to wherever r11 points.");

    /// <summary>Callers: clobbers.</summary>
    public static FindingRule UsesClobbered { get; } = Error(
        "PV2052", "uses a register that the entry clobbers",
        "Its value is whatever the routine left.");

    /// <summary>Kernel: no test.</summary>
    public static FindingRule NoTest { get; } = Error(
        "PV2060", "interrupt entry does not test the area first",
        "The handler runs in the middle of a routine, and spins on the lock it interrupted.");

    /// <summary>Kernel: the wrong bounds.</summary>
    public static FindingRule TestBounds { get; } = Error(
        "PV2061", "test does not cover exactly the area",
        "Some instruction of the area is not protected, or other code is taken for it.");

    /// <summary>Kernel: the swap.</summary>
    public static FindingRule SwapIncomplete { get; } = Error(
        "PV2062", "swap incomplete",
        "The routine resumes with something else than it was interrupted with, or returns to the wrong place.");

    /// <summary>The limits of the analysis.</summary>
    public static FindingRule TooComplex { get; } = Error(
        "PV2070", "too complex to prove",
        "What is not proved counts as wrong.");

    /// <summary>What running it showed.</summary>
    public static FindingRule FailsWhenRun { get; } = Error(
        "PV2080", "fails when exercised",
        "There is a schedule of interrupts and processors under which it is not atomic.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FindingRule> All { get; } =
    [
        NoArea, NotWholePages, Permissions, Overlaps, SlotForm, SlotTarget, Undecodable, DeadBytes,
        WrongExit, FallsOff, WritesR11,
        UsesStack, Privileged, Traps, UnboundedString, DirectionFlag, CalleeSaved, LiveFlags,
        LockKept, LockNotHeld, LockTwice, LockOrder, SpinsElsewhere, UnboundedLoop, Unprotected, TwoSections,
        OutsideData,
        EntersElsewhere, WrongReturn, UsesClobbered,
        NoTest, TestBounds, SwapIncomplete,
        TooComplex, FailsWhenRun,
    ];

    private static FindingRule Error(string id, string title, string why) => new(id, Severity.Error, title, why);
}
