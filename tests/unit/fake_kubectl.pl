# The program that tests/unit/fake_kubectl.py puts on PATH as kubectl. Perl, because it starts in a quarter of the time
# that Python takes, and because Debian always has it. It needs no module: loading one takes as long as all the rest.

my ($folder) = $0 =~ m{(.*)/};

sub note {
    my ($name, @strings) = @_;
    open my $file, '>>:raw', "$folder/$name" or die "$name: $!";
    syswrite $file, pack 'N/a', pack '(N/a)*', @strings;
}

# A file of strings, each behind its length; one that is still being written is left out.
sub read_strings {
    my ($name) = @_;
    open my $file, '<:raw', "$folder/$name" or die "$name: $!";
    local $/;
    my ($all, $at, @strings) = (<$file> // '', 0);
    while ($at + 4 <= length $all and $at + 4 + (my $length = unpack "\@$at N", $all) <= length $all) {
        push @strings, substr $all, $at + 4, $length;
        $at += 4 + $length;
    }
    return @strings;
}

sub in_order {
    my ($words, @argv) = @_;
    for my $word (@$words) {
        do { return 0 if not @argv } while shift @argv ne $word;
    }
    return 1;
}

sub claim {
    my ($number, $times) = @_;
    for my $use (1 .. $times) {
        return 1 if symlink 'taken', "$folder/claim-$number-$use";
    }
    return 0;
}

sub was_called {
    my ($words) = @_;
    for my $call (read_strings('calls')) {
        my ($count, @strings) = unpack '(N/a)*', $call;
        return 1 if in_order($words, @strings[0 .. $count - 1]);
    }
    return 0;
}

# What the kubelet does: it leaves out each line that is older.
sub since {
    my ($text) = @_;
    my ($oldest) = map { /^--since-time=(.{19})/ } @ARGV or return $text;
    return join '', grep { substr($_, 0, 19) ge $oldest } split /(?<=\n)/, $text;
}

sub pause {
    select undef, undef, undef, $_[0];
}

sub print_at_once {
    my ($handle, $text) = @_;
    while (length $text) {
        my $written = syswrite $handle, $text;
        exit 1 if not defined $written;
        substr($text, 0, $written) = '';
    }
}

my ($number, $rule);
for my $packed (read_strings('rules')) {
    my ($words, %answer) = unpack '(N/a)*', $packed;
    if (in_order([split / /, $words], @ARGV) and ($answer{times} eq '' or claim(0 + $number, $answer{times}))) {
        $rule = \%answer;
        last;
    }
    $number++;
}
# Once the rule is claimed: a test that acts on the call may end this program at once.
note('calls', scalar @ARGV, @ARGV, %ENV);
if (not $rule) {
    note('unscripted', @ARGV);
    print STDERR "error: the fake kubectl has no answer to: kubectl @ARGV\n";
    exit 99;
}
$SIG{TERM} = 'IGNORE' if $rule->{is_stubborn};
if (my @words = split / /, $rule->{once_called}) {
    pause(0.02) until was_called(\@words);
}
pause($rule->{after_seconds});
print_at_once(*STDERR, $rule->{stderr});
print_at_once(*STDOUT, $rule->{is_log} ? since($rule->{stdout}) : $rule->{stdout});
my @then = unpack '(N/a)*', $rule->{then};
while (my ($what, $with) = splice @then, 0, 2) {
    if ($what eq 'print') {
        print_at_once(*STDOUT, $with);
    } elsif ($what eq 'pause') {
        pause($with);
    } else {
        pause(0.01) until -e "$folder/gate-$with";
    }
}
kill $rule->{by_signal}, $$ if $rule->{by_signal};
exit $rule->{return_code};
