import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def start_clock(apps, schema_editor):
    apps.get_model("forum", "Clock").objects.create(pk=1)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('members', '0011_import_holds'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ClockDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='ReaderMark',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('read_seq', models.BigIntegerField(default=0, verbose_name='read up to')),
            ],
            options={
                'verbose_name': 'mark of the forum',
                'verbose_name_plural': 'marks of the forum',
            },
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='address')),
                ('name_ru', models.CharField(max_length=80, verbose_name='name in Russian')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
            ],
            options={
                'verbose_name': 'tag',
                'verbose_name_plural': 'tags',
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('no', models.PositiveIntegerField(editable=False, null=True, verbose_name='number')),
                ('seq', models.BigIntegerField(editable=False, null=True)),
                ('state', models.CharField(choices=[('held', 'waits for a moderator'), ('public', 'public'), ('hidden', 'hidden by a moderator'), ('deleted', 'deleted by its author'), ('refused', 'not published')], default='held', max_length=10, verbose_name='state')),
                ('source', models.TextField(verbose_name='text')),
                ('html', models.TextField(editable=False)),
                ('written_at', models.DateTimeField(verbose_name='written')),
                ('published_at', models.DateTimeField(editable=False, null=True, verbose_name='published')),
                ('edited_at', models.DateTimeField(editable=False, null=True, verbose_name='changed')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='why it is not shown')),
                ('client_token', models.CharField(blank=True, editable=False, max_length=40)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to=settings.AUTH_USER_MODEL, verbose_name='author')),
                ('reply_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replies', to='forum.post', verbose_name='answers')),
            ],
            options={
                'verbose_name': 'post',
                'verbose_name_plural': 'posts',
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='address')),
                ('kind', models.CharField(choices=[('open', 'for all members'), ('chapter', 'of a chapter'), ('committee', 'of a committee or working group'), ('run', 'of a course group')], default='open', max_length=10, verbose_name='kind')),
                ('name_ru', models.CharField(max_length=80, verbose_name='name in Russian')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('description_ru', models.CharField(blank=True, max_length=300, verbose_name='what it is for, in Russian')),
                ('description_en', models.CharField(blank=True, max_length=300, verbose_name='what it is for, in English')),
                ('guidelines_ru', models.TextField(blank=True, max_length=3000, verbose_name='how to write here, in Russian')),
                ('guidelines_en', models.TextField(blank=True, max_length=3000, verbose_name='how to write here, in English')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('level_default', models.SmallIntegerField(choices=[(0, 'Muted'), (1, 'Normal'), (2, 'Tracking'), (3, 'Watching')], default=1, verbose_name='how closely members follow it at first')),
                ('floor', models.SmallIntegerField(choices=[(0, 'only that there is news'), (1, 'what it is about, without names and text'), (2, 'everything')], default=1, verbose_name='what letters may say of it')),
                ('holds_first_posts', models.BooleanField(default=True, verbose_name='the first post of a new member waits for a moderator')),
                ('is_archived', models.BooleanField(default=False, verbose_name='closed and out of the list')),
                ('thread_count', models.PositiveIntegerField(default=0, editable=False)),
                ('post_count', models.PositiveIntegerField(default=0, editable=False)),
                ('last_seq', models.BigIntegerField(default=0, editable=False)),
                ('last_at', models.DateTimeField(editable=False, null=True)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='forum.room', verbose_name='above it')),
            ],
            options={
                'verbose_name': 'room',
                'verbose_name_plural': 'rooms',
            },
        ),
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('discussion', 'Discussion'), ('question', 'Question'), ('case', 'Case discussion')], default='discussion', max_length=10, verbose_name='kind')),
                ('title', models.CharField(max_length=160, verbose_name='title')),
                ('state', models.CharField(choices=[('live', 'live'), ('held', 'waits for a moderator'), ('hidden', 'hidden'), ('refused', 'not published'), ('moved', 'merged into another')], default='live', max_length=10, verbose_name='state')),
                ('created_at', models.DateTimeField(verbose_name='started')),
                ('last_no', models.PositiveIntegerField(default=0, editable=False)),
                ('last_public_no', models.PositiveIntegerField(default=0, editable=False)),
                ('visible_count', models.PositiveIntegerField(default=0, editable=False)),
                ('last_seq', models.BigIntegerField(default=0, editable=False)),
                ('bump_seq', models.BigIntegerField(default=0, editable=False)),
                ('last_at', models.DateTimeField(editable=False, null=True)),
                ('pinned_until', models.DateField(blank=True, null=True, verbose_name='pinned until')),
                ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='closed')),
                ('close_reason', models.CharField(blank=True, max_length=200, verbose_name='why it is closed')),
                ('answer', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='forum.post')),
                ('closed_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('last_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('moved_to', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='forum.thread')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='threads', to='forum.room', verbose_name='room')),
                ('starter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by')),
                ('tags', models.ManyToManyField(blank=True, related_name='threads', to='forum.tag', verbose_name='tags')),
            ],
            options={
                'verbose_name': 'thread',
                'verbose_name_plural': 'threads',
            },
        ),
        migrations.AddField(
            model_name='room',
            name='last_thread',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='forum.thread'),
        ),
        migrations.CreateModel(
            name='PostRedirect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('no', models.PositiveIntegerField(verbose_name='number')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='forum.post', verbose_name='post')),
                ('thread', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='redirects', to='forum.thread', verbose_name='thread')),
            ],
            options={
                'verbose_name': 'moved post',
                'verbose_name_plural': 'moved posts',
            },
        ),
        migrations.AddField(
            model_name='post',
            name='thread',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='forum.thread', verbose_name='thread'),
        ),
        migrations.CreateModel(
            name='ThreadRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_no', models.PositiveIntegerField(default=0, verbose_name='read up to')),
                ('level', models.SmallIntegerField(choices=[(0, 'Muted'), (1, 'Normal'), (2, 'Tracking'), (3, 'Watching')], null=True, verbose_name='level')),
                ('level_reason', models.CharField(blank=True, choices=[('chosen', 'you chose it'), ('started', 'you started this thread'), ('posted', 'you wrote in this thread'), ('mentioned', 'somebody mentioned you'), ('merged', 'you followed a thread that was merged into this one')], max_length=10, verbose_name='why')),
                ('is_pin_dismissed', models.BooleanField(default=False, verbose_name='not pinned any more for this reader')),
                ('thread', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reads', to='forum.thread', verbose_name='thread')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'reading of a thread',
                'verbose_name_plural': 'readings of threads',
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(max_length=40, verbose_name='where')),
                ('title', models.CharField(blank=True, max_length=160, verbose_name='title')),
                ('source', models.TextField(blank=True, verbose_name='text')),
                ('revision', models.PositiveIntegerField(default=1)),
                ('saved_at', models.DateTimeField(verbose_name='saved')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'draft',
                'verbose_name_plural': 'drafts',
                'constraints': [models.UniqueConstraint(fields=('user', 'scope'), name='forum_draft_once')],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.SmallIntegerField(choices=[(1, 'mentioned'), (2, 'answered'), (3, 'quoted')], verbose_name='why')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='forum.post', verbose_name='post')),
            ],
            options={
                'verbose_name': 'mention',
                'verbose_name_plural': 'mentions',
                'constraints': [models.UniqueConstraint(fields=('post', 'user'), name='forum_mention_once')],
            },
        ),
        migrations.CreateModel(
            name='PostVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('source', models.TextField(verbose_name='text')),
                ('replaced_at', models.DateTimeField(verbose_name='replaced')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='forum.post', verbose_name='post')),
                ('replaced_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='replaced by')),
            ],
            options={
                'verbose_name': 'version of a post',
                'verbose_name_plural': 'versions of posts',
                'constraints': [models.UniqueConstraint(fields=('post', 'version'), name='forum_postversion_once')],
            },
        ),
        migrations.CreateModel(
            name='Reaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('useful', 'Useful'), ('agree', 'I agree'), ('thanks', 'Thank you')], max_length=10, verbose_name='reaction')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reactions', to='forum.post', verbose_name='post')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'reaction',
                'verbose_name_plural': 'reactions',
                'constraints': [models.UniqueConstraint(fields=('post', 'user', 'kind'), name='forum_reaction_once')],
            },
        ),
        migrations.CreateModel(
            name='RoomMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_seq', models.BigIntegerField(default=0, verbose_name='read up to')),
                ('level', models.SmallIntegerField(choices=[(0, 'Muted'), (1, 'Normal'), (2, 'Tracking'), (3, 'Watching')], null=True, verbose_name='level')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='forum.room', verbose_name='room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'mark of a room',
                'verbose_name_plural': 'marks of rooms',
                'constraints': [models.UniqueConstraint(fields=('user', 'room'), name='forum_roommark_once')],
            },
        ),
        migrations.CreateModel(
            name='RoomRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(choices=[('members', 'all members in good standing'), ('chapter', 'members of a chapter'), ('officers', 'officers of a chapter, or of the League where none is named'), ('committee', 'members of a committee'), ('group', 'a group of the site'), ('seats', 'people with a seat in the room')], max_length=10, verbose_name='who')),
                ('right', models.SmallIntegerField(choices=[(1, 'see that the room exists'), (2, 'read'), (3, 'reply'), (4, 'start threads'), (5, 'moderate')], verbose_name='may')),
                ('chapter', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.chapter', verbose_name='chapter')),
                ('committee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.committee', verbose_name='committee')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='auth.group', verbose_name='group')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='forum.room', verbose_name='room')),
            ],
            options={
                'verbose_name': 'rule of a room',
                'verbose_name_plural': 'rules of rooms',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('audience', 'chapter'), ('chapter__isnull', True), _negated=True), models.Q(('audience', 'committee'), ('committee__isnull', True), _negated=True), models.Q(('audience', 'group'), ('group__isnull', True), _negated=True)), name='forum_roomrule_names_its_audience', violation_error_message='Name the chapter, the committee or the group that the rule is about.')],
            },
        ),
        migrations.CreateModel(
            name='RoomSeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seats', to='forum.room', verbose_name='room')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='room_seats', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'seat in a room',
                'verbose_name_plural': 'seats in rooms',
                'constraints': [models.UniqueConstraint(fields=('room', 'user'), name='forum_roomseat_once', violation_error_message='This person has a seat in the room already.')],
            },
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(condition=models.Q(('state', 'live')), fields=['room', '-bump_seq'], name='forum_thread_room_list'),
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(condition=models.Q(('state', 'live')), fields=['-last_seq'], name='forum_thread_latest'),
        ),
        migrations.AddIndex(
            model_name='thread',
            index=models.Index(condition=models.Q(('pinned_until__isnull', False)), fields=['room', 'pinned_until'], name='forum_thread_pinned'),
        ),
        migrations.AddConstraint(
            model_name='postredirect',
            constraint=models.UniqueConstraint(fields=('thread', 'no'), name='forum_postredirect_once'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('state', 'public')), fields=['author', '-seq'], name='forum_post_activity'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('state', 'held')), fields=['thread'], name='forum_post_held'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(fields=('thread', 'no'), name='forum_post_number_once'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(condition=models.Q(('client_token', ''), _negated=True), fields=('author', 'client_token'), name='forum_post_sent_once'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('no__isnull', True), ('seq__isnull', True), ('state__in', ['held', 'refused'])), models.Q(models.Q(('state__in', ['held', 'refused']), _negated=True), ('no__isnull', False), ('seq__isnull', False)), _connector='OR'), name='forum_post_numbered_at_publication'),
        ),
        migrations.AddIndex(
            model_name='threadread',
            index=models.Index(condition=models.Q(('level', 3)), fields=['thread', 'user'], name='forum_threadread_watching'),
        ),
        migrations.AddConstraint(
            model_name='threadread',
            constraint=models.UniqueConstraint(fields=('user', 'thread'), name='forum_threadread_once'),
        ),
        migrations.RunPython(start_clock, migrations.RunPython.noop),
    ]
